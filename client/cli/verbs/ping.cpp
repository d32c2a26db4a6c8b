// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {

int run_verb(const Context& context, const PingOptions& /*options*/) {
  Client client = context.connect();
  const auto asked = std::chrono::steady_clock::now();
  const BrokerInfo info = need("broker", client.broker_info());
  const std::chrono::nanoseconds round_trip = std::chrono::steady_clock::now() - asked;
  if (context.wants_json()) {
    nlohmann::json out = to_json(info);
    out["round_trip_ns"] = round_trip.count();
    context.print_json(out);
    return 0;
  }
  context.print("tenured " + printable(info.version) + " on " + printable(info.socket) + ", up " +
                format_age(info.up) + ", " + format_bytes(info.used_bytes) + " of " +
                format_bytes(info.budget_bytes) + ", answered in " + format_interval(round_trip) +
                "\n");
  return 0;
}

}  // namespace tenure::cli

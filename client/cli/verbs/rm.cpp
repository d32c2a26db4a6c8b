// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

void remove(const Context& context, Client& client, const std::string& name) {
  context.await_name(client, name);
  need_segment(client, name, client.remove(name));
}

}  // namespace

// Goes on after a refusal: the names that can be removed are, and each refusal is reported.
int run_verb(const Context& context, const RmOptions& options) {
  Client client = context.connect();
  nlohmann::json removed = nlohmann::json::array();
  nlohmann::json errors = nlohmann::json::array();
  int status = 0;
  for (const std::string& name : options.names) {
    try {
      remove(context, client, name);
      removed.push_back(name);
      if (!context.wants_json()) {
        context.print(printable(name) + ": removed\n");
      }
    } catch (const Refusal& refusal) {
      context.complain(refusal);
      errors.push_back(context.error_json(refusal));
      status = status == 0 ? static_cast<int>(exit_for(refusal.error().code)) : status;
    }
  }
  if (context.wants_json()) {
    context.print_json({{"removed", removed}, {"errors", errors}});
  }
  return status;
}

}  // namespace tenure::cli

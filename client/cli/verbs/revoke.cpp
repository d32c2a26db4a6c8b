// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

// --socket, else where the daemon's own variable says that administrators are listened to.
CommonOptions as_administrator(CommonOptions common) {
  if (common.socket.empty()) {
    const char* const variable = std::getenv("TENURE_ADMIN_SOCKET");
    if (variable == nullptr || *variable == '\0') {
      throw UsageError("which broker? Only its socket for administrators takes tokens away",
                       "--socket PATH or TENURE_ADMIN_SOCKET: what tenured was given as "
                       "--admin-socket");
    }
    common.socket = variable;
  }
  return common;
}

}  // namespace

// Goes on after a refusal, as `rm` does.
int run_verb(const Context& context, const RevokeOptions& options) {
  const Context asking(as_administrator(context.common()));
  Client client = asking.connect();
  nlohmann::json revoked = nlohmann::json::array();
  nlohmann::json errors = nlohmann::json::array();
  int status = 0;
  for (const std::uint64_t token : options.tokens) {
    const std::string what = "token " + std::to_string(token);
    try {
      need(what, client.revoke(token));
      revoked.push_back(token);
      if (!context.wants_json()) {
        context.print(what + ": taken away\n");
      }
    } catch (const Refusal& refusal) {
      context.complain(refusal);
      errors.push_back(context.error_json(refusal));
      status = status == 0 ? static_cast<int>(exit_for(refusal.error().code)) : status;
    }
  }
  if (context.wants_json()) {
    context.print_json({{"revoked", revoked}, {"errors", errors}});
  }
  return status;
}

}  // namespace tenure::cli

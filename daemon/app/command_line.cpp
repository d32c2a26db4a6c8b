// SPDX-License-Identifier: Apache-2.0
#include "daemon/app/command_line.hpp"

#include <cstdio>

#include <CLI/CLI.hpp>

namespace tenure::app {
namespace {

constexpr const char* kDescription =
    "tenured owns named pieces of shared memory that hold tensors, decides who may use them,\n"
    "and cleans up when a process dies. Clients find it by its socket.";

constexpr const char* kFooter =
    "A flag counts more than the environment (TENURE_SOCKET, TENURE_ADMIN_SOCKET, TENURE_BUDGET,\n"
    "TENURE_LOG_LEVEL), the environment more than the configuration file, the file more than the\n"
    "default.\n"
    "The file is a JSON object, comments allowed:\n"
    "  { \"socket\": \"/run/tenure/control.sock\", \"budget\": \"8G\", \"log_level\": \"info\" }\n"
    "SIGTERM and SIGINT end it in good order. Exit status: 0 ended so, 1 cannot listen on the\n"
    "socket, 2 a bad option, variable or file.";

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  CommandLine result;
  std::string socket;
  std::string admin_socket;
  std::string budget;
  std::string log_level;
  bool allow_unmapped_uid = false;
  CLI::App app(kDescription, "tenured");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("tenured ") + TENURE_RELEASE, "Print the release");
  const auto* socket_option =
      app.add_option("--socket",
                     socket,
                     "Where to listen; default: $XDG_RUNTIME_DIR/tenure/control.sock\n"
                     "where that variable is set, else /run/tenure/control.sock");
  const auto* admin_option =
      app.add_option("--admin-socket",
                     admin_socket,
                     "Where to listen for administrators, who may take tokens away: this user\n"
                     "and root; default: nowhere");
  const auto* budget_option =
      app.add_option("--budget",
                     budget,
                     "Memory for all segments together, in bytes or with K, M, G, T;\n"
                     "default: half of what RAM or the cgroup allows");
  const auto* level_option = app.add_option(
      "--log-level", log_level, "debug, info, warn or error, to stderr; default: info");
  app.add_option("--config",
                 result.config,
                 "Configuration file; default: /etc/tenure/tenured.json if it exists");
  const auto* unmapped_option =
      app.add_flag("--allow-unmapped-uid",
                   allow_unmapped_uid,
                   "Let in uid 65534, which in a user namespace stands for\n"
                   "everybody who is not mapped");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& told) {  // --help, --version
    result.exit_status = app.exit(told);
    return result;
  } catch (const CLI::ParseError& wrong) {
    std::fprintf(stderr, "tenured: %s\n", wrong.what());
    result.exit_status = 2;
    return result;
  }
  const auto given = [](const CLI::Option* option, auto value) {
    return option->count() > 0 ? std::optional(value) : std::nullopt;
  };
  result.flags = {.socket = given(socket_option, socket),
                  .admin_socket = given(admin_option, admin_socket),
                  .budget = given(budget_option, budget),
                  .log_level = given(level_option, log_level),
                  .allow_unmapped_uid = given(unmapped_option, allow_unmapped_uid)};
  return result;
}

}  // namespace tenure::app

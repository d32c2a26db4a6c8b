// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "daemon/app/settings.hpp"

namespace tenure::app {

/// What the arguments come to: settings, or something to say before the end.
struct CommandLine {
  SettingsText flags = {};
  std::string config = {};
  std::optional<int> exit_status = {};  ///< Help or version was printed (0), or a usage error (2).
};

[[nodiscard]] CommandLine parse_command_line(int argc, char** argv);

}  // namespace tenure::app

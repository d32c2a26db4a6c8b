// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <tenure/result.hpp>

namespace tenure::app {

/// What one source says; what it leaves out is for the next one. Text as the user wrote it.
struct SettingsText {
  std::optional<std::string> socket = {};
  std::optional<std::string> admin_socket = {};
  std::optional<std::string> budget = {};
  std::optional<std::string> log_level = {};
  std::optional<bool> allow_unmapped_uid = {};
};

/// How the daemon is to run.
struct Settings {
  std::string socket;
  std::string admin_socket;  // Empty: none.
  std::uint64_t budget_bytes = 0;
  std::string log_level = "info";
  bool allow_unmapped_uid = false;
};

/// Where settings may come from besides the command line.
struct Surroundings {
  std::function<std::optional<std::string>(const char*)> environment;
  std::string default_config = "/etc/tenure/tenured.json";
  std::uint64_t memory_bytes = 0;  ///< The most there is.
  std::string memory_source;       ///< What says so.
};

/// Flag over environment over file over default.
///
/// `config`: the file named by the user, which must exist; empty: the default one, if it is there.
/// Errors: bad_request  the detail names the source and what is wrong with its value
[[nodiscard]] Result<Settings> resolve(const SettingsText& flags,
                                       const std::string& config,
                                       const Surroundings& surroundings);

/// "512M", "4G", "1048576": a number and K, M, G or T (times 1024).
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace tenure::app

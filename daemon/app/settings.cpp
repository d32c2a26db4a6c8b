// SPDX-License-Identifier: Apache-2.0
#include "daemon/app/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <limits>
#include <system_error>
#include <vector>

#include "daemon/app/config_file.hpp"
#include "proto/os/kernel.hpp"

namespace tenure::app {
namespace {

constexpr std::array<std::string_view, 4> kLogLevels{"debug", "info", "warn", "error"};

Error bad_setting(const std::string& source, const std::string& what) {
  return {.code = Errc::bad_request, .detail = source + ": " + what};
}

// A value and the source to blame for it.
struct Chosen {
  std::string text;
  std::string source;
};

struct Source {
  SettingsText text;
  std::function<std::string(const char*)> name;  // Of the setting, in that source.
};

std::optional<Chosen> choose(const std::vector<Source>& sources,
                             std::optional<std::string> SettingsText::* setting,
                             const char* name) {
  for (const Source& source : sources) {
    if (const auto& text = source.text.*setting) {
      return Chosen{.text = *text, .source = source.name(name)};
    }
  }
  return std::nullopt;
}

std::string dashed(std::string name) {
  std::ranges::replace(name, '_', '-');
  return "--" + name;
}

std::string variable(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char letter) {
    return static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter);
  });
  return "TENURE_" + name;
}

// Set but empty is as good as unset.
std::optional<std::string> read_variable(const Surroundings& surroundings, const char* name) {
  auto text = surroundings.environment(name);
  return text && text->empty() ? std::nullopt : text;
}

Result<std::vector<Source>> gather(const SettingsText& flags,
                                   const std::string& config,
                                   const Surroundings& surroundings) {
  std::vector<Source> sources;
  sources.push_back({.text = flags, .name = dashed});
  sources.push_back({.text = {.socket = read_variable(surroundings, "TENURE_SOCKET"),
                              .admin_socket = read_variable(surroundings, "TENURE_ADMIN_SOCKET"),
                              .budget = read_variable(surroundings, "TENURE_BUDGET"),
                              .log_level = read_variable(surroundings, "TENURE_LOG_LEVEL"),
                              .allow_unmapped_uid = {}},
                     .name = variable});
  const std::string path = config.empty() ? surroundings.default_config : config;
  std::error_code unsearchable;  // A directory that is closed to this user holds nothing for it.
  if (!config.empty() || std::filesystem::exists(path, unsearchable)) {
    auto file = read_config(path);
    if (!file) {
      return file.error();
    }
    sources.push_back({.text = *std::move(file),
                       .name = [path](const char* name) { return path + ": " + name; }});
  }
  return sources;
}

Result<std::uint64_t> choose_budget(const std::optional<Chosen>& chosen,
                                    const Surroundings& surroundings) {
  if (!chosen) {
    return surroundings.memory_bytes / 2;
  }
  const auto bytes = parse_size(chosen->text);
  if (!bytes || *bytes == 0) {
    return bad_setting(chosen->source,
                       "\"" + chosen->text + "\" is not a size; write 512M, 4G or bytes");
  }
  if (*bytes > surroundings.memory_bytes) {
    return bad_setting(chosen->source,
                       chosen->text + " is more than the " +
                           std::to_string(surroundings.memory_bytes) + " bytes that " +
                           surroundings.memory_source + " allows");
  }
  return *bytes;
}

std::string default_socket(const Surroundings& surroundings) {
  const auto runtime = read_variable(surroundings, "XDG_RUNTIME_DIR");
  return runtime ? *runtime + "/tenure/control.sock" : "/run/tenure/control.sock";
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc()) {
    return std::nullopt;
  }
  constexpr std::string_view suffixes = "KMGT";
  unsigned shift = 0;
  if (parsed.ptr != end) {
    const std::size_t index = suffixes.find(*parsed.ptr);
    if (index == std::string_view::npos || parsed.ptr + 1 != end) {
      return std::nullopt;
    }
    shift = 10 * (static_cast<unsigned>(index) + 1);
  }
  if (number > std::numeric_limits<std::uint64_t>::max() >> shift) {
    return std::nullopt;
  }
  return number << shift;
}

Result<Settings> resolve(const SettingsText& flags,
                         const std::string& config,
                         const Surroundings& surroundings) {
  const std::string mask = read_variable(surroundings, "TENURE_MASK").value_or("");
  if (const auto unknown = os::unknown_feature(mask)) {
    return bad_setting("TENURE_MASK",
                       "\"" + std::string(*unknown) + "\" is none of all, " + os::feature_names());
  }
  const auto sources = gather(flags, config, surroundings);
  if (!sources) {
    return sources.error();
  }
  Settings settings;
  const auto socket = choose(*sources, &SettingsText::socket, "socket");
  settings.socket = socket ? socket->text : default_socket(surroundings);
  if (settings.socket.empty()) {
    return bad_setting(socket->source, "an empty path");
  }
  if (const auto admin = choose(*sources, &SettingsText::admin_socket, "admin_socket")) {
    settings.admin_socket = admin->text;
    if (settings.admin_socket.empty() || settings.admin_socket == settings.socket) {
      return bad_setting(admin->source, "an empty path, or that of the socket for everybody");
    }
  }
  const auto budget =
      choose_budget(choose(*sources, &SettingsText::budget, "budget"), surroundings);
  if (!budget) {
    return budget.error();
  }
  settings.budget_bytes = *budget;
  if (const auto level = choose(*sources, &SettingsText::log_level, "log_level")) {
    if (std::ranges::find(kLogLevels, level->text) == kLogLevels.end()) {
      return bad_setting(level->source,
                         "\"" + level->text + "\" is none of debug, info, warn, error");
    }
    settings.log_level = level->text;
  }
  for (const Source& source : *sources) {
    if (source.text.allow_unmapped_uid) {
      settings.allow_unmapped_uid = *source.text.allow_unmapped_uid;
      break;
    }
  }
  return settings;
}

}  // namespace tenure::app

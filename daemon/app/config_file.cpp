// SPDX-License-Identifier: Apache-2.0
#include "daemon/app/config_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "daemon/core/near_name.hpp"

namespace tenure::app {
namespace {

constexpr std::array<const char*, 5> kKeys{
    "socket", "admin_socket", "budget", "log_level", "allow_unmapped_uid"};
constexpr std::size_t kMaxLetters = 20;

Error bad_file(const std::string& path, const std::string& what) {
  return {.code = Errc::bad_request, .detail = path + ": " + what};
}

std::string nearest_key(const std::string& key) {
  std::string nearest;
  std::size_t letters = kMaxLetters + 1;
  for (const char* known : kKeys) {
    if (const std::size_t count = core::distance(key, known, kMaxLetters); count < letters) {
      letters = count;
      nearest = known;
    }
  }
  return nearest.empty() ? kKeys.front() : nearest;
}

// Puts one member where it belongs; says what it should have been.
std::string take_member(const std::string& key, const nlohmann::json& value, SettingsText& text) {
  if (key == "allow_unmapped_uid") {
    if (!value.is_boolean()) {
      return "true or false";
    }
    text.allow_unmapped_uid = value.get<bool>();
    return {};
  }
  if (key == "budget" && value.is_number_unsigned()) {
    text.budget = std::to_string(value.get<std::uint64_t>());
    return {};
  }
  if (!value.is_string()) {
    return key == "budget" ? "a number of bytes or a text like \"4G\"" : "a text";
  }
  auto& member = key == "socket"         ? text.socket
                 : key == "admin_socket" ? text.admin_socket
                 : key == "budget"       ? text.budget
                                         : text.log_level;
  member = value.get<std::string>();
  return {};
}

}  // namespace

Result<SettingsText> read_config(const std::string& path) {
  std::ifstream file(path);
  std::string content;
  char letter = 0;
  while (file.get(letter)) {
    content += letter;
  }
  if (!file.eof()) {
    return bad_file(path, std::string("cannot be read: ") + std::strerror(errno));
  }
  const auto json = nlohmann::json::parse(content,
                                          nullptr,
                                          /*allow_exceptions=*/false,
                                          /*ignore_comments=*/true);
  if (!json.is_object()) {
    return bad_file(path, "is not a JSON object");
  }
  SettingsText text;
  for (const auto& [key, value] : json.items()) {
    if (std::ranges::find(kKeys, key) == kKeys.end()) {
      return bad_file(path,
                      "unknown key \"" + key + "\"; did you mean \"" + nearest_key(key) + "\"?");
    }
    if (const std::string wanted = take_member(key, value, text); !wanted.empty()) {
      return bad_file(path, key + " must be " + wanted);
    }
  }
  return text;
}

}  // namespace tenure::app

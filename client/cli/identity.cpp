// SPDX-License-Identifier: Apache-2.0
#include "client/cli/identity.hpp"

#include <grp.h>
#include <pwd.h>

#include <charconv>

namespace tenure::cli {

// The tool has one thread when it asks: getpwuid and its like may use their static memory.
std::string user_name(std::uint32_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry == nullptr ? std::to_string(uid) : entry->pw_name;
}

std::string group_name(std::uint32_t gid) {
  const group* entry = ::getgrgid(gid);
  return entry == nullptr ? std::to_string(gid) : entry->gr_name;
}

std::optional<std::uint32_t> find_group(const std::string& text) {
  const group* entry = ::getgrnam(text.c_str());
  if (entry != nullptr) {
    return entry->gr_gid;
  }
  std::uint32_t gid = 0;
  const char* end = text.data() + text.size();
  const auto [next, failed] = std::from_chars(text.data(), end, gid);
  return failed == std::errc{} && next == end ? std::optional(gid) : std::nullopt;
}

}  // namespace tenure::cli

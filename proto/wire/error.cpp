// SPDX-License-Identifier: Apache-2.0
#include <tenure/result.hpp>

#include <algorithm>
#include <array>
#include <cstring>

#include "proto/wire/error_names.hpp"

namespace tenure {
namespace {

struct NamedCode {
  Errc code;
  std::string_view name;
};

constexpr std::array<NamedCode, 29> kCodes{{
    {Errc::not_found, "not_found"},
    {Errc::exists, "exists"},
    {Errc::denied, "denied"},
    {Errc::unsupported, "unsupported"},
    {Errc::bad_request, "bad_request"},
    {Errc::quota, "quota"},
    {Errc::no_memory, "no_memory"},
    {Errc::too_many, "too_many"},
    {Errc::held, "held"},
    {Errc::has_publisher, "has_publisher"},
    {Errc::has_children, "has_children"},
    {Errc::attached, "attached"},
    {Errc::not_attached, "not_attached"},
    {Errc::needs_grain, "needs_grain"},
    {Errc::still_mapped, "still_mapped"},
    {Errc::timed_out, "timed_out"},
    {Errc::cancelled, "cancelled"},
    {Errc::full, "full"},
    {Errc::empty, "empty"},
    {Errc::finished, "finished"},
    {Errc::gap, "gap"},
    {Errc::torn, "torn"},
    {Errc::poisoned, "poisoned"},
    {Errc::stale, "stale"},
    {Errc::superseded, "superseded"},
    {Errc::forked, "forked"},
    {Errc::broker_gone, "broker_gone"},
    {Errc::too_old, "too_old"},
    {Errc::corrupt, "corrupt"},
}};

}  // namespace

std::string_view name_of(Errc code) noexcept {
  const auto* found = std::find_if(
      kCodes.begin(), kCodes.end(), [&](const NamedCode& entry) { return entry.code == code; });
  return found == kCodes.end() ? "unknown" : found->name;
}

std::string Error::message() const {
  std::string text(name_of(code));
  if (!detail.empty()) {
    text += ": " + detail;
  } else if (sys_errno != 0) {
    const char* reason = ::strerrordesc_np(sys_errno);
    text += ": ";
    text += reason == nullptr ? "errno " + std::to_string(sys_errno) : reason;
  }
  if (!hint.empty()) {
    text += " (" + hint + ")";
  }
  // One line, whatever a peer put into its name.
  std::replace_if(
      text.begin(),
      text.end(),
      [](unsigned char byte) { return byte < 0x20 || byte == 0x7F; },
      ' ');
  return text;
}

namespace wire {

std::optional<Errc> code_of(std::string_view name) noexcept {
  const auto* found = std::find_if(
      kCodes.begin(), kCodes.end(), [&](const NamedCode& entry) { return entry.name == name; });
  return found == kCodes.end() ? std::nullopt : std::optional(found->code);
}

}  // namespace wire
}  // namespace tenure

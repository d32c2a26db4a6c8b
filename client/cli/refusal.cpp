// SPDX-License-Identifier: Apache-2.0
#include "client/cli/refusal.hpp"

#include <array>
#include <cstdio>

#include "proto/wire/utf8.hpp"

namespace tenure::cli {
namespace {

std::string_view without_prefix(std::string_view text, std::string_view prefix) {
  if (!prefix.empty() && text.starts_with(prefix) && text.substr(prefix.size()).starts_with(": ")) {
    text.remove_prefix(prefix.size() + 2);
  }
  return text;
}

}  // namespace

Exit exit_for(Errc code) noexcept {
  switch (code) {
    case Errc::not_found:
      return Exit::not_found;
    case Errc::denied:
      return Exit::denied;
    case Errc::held:
    case Errc::has_publisher:
    case Errc::has_children:
    case Errc::attached:
    case Errc::not_attached:
    case Errc::needs_grain:
    case Errc::still_mapped:
    case Errc::timed_out:
    case Errc::full:
    case Errc::empty:
      return Exit::busy;
    case Errc::broker_gone:
      return Exit::no_broker;
    case Errc::too_old:
      return Exit::too_old;
    case Errc::torn:
    case Errc::poisoned:
    case Errc::corrupt:
      return Exit::damaged;
    case Errc::finished:
      return Exit::finished;
    default:
      return Exit::failed;
  }
}

void need_utf8(std::string_view argument, const std::string& text) {
  const std::size_t bad = wire::find_non_utf8(text);
  if (bad == std::string::npos) {
    return;
  }
  std::array<char, 8> byte{};
  std::snprintf(
      byte.data(), byte.size(), "0x%02x", unsigned{static_cast<unsigned char>(text[bad])});
  throw Refusal(text,
                {.code = Errc::bad_request,
                 .detail = std::string(argument) + ": byte " + std::to_string(bad) + " is " +
                           byte.data() + ", which is not UTF-8",
                 .hint = "names, globs and tensors are UTF-8; a file may be called anything"});
}

std::string detail_of(std::string_view what, const Error& error) {
  std::string_view detail = without_prefix(error.detail, what);
  detail = without_prefix(detail, name_of(error.code));
  detail = without_prefix(detail, what);
  return std::string(detail.starts_with(": ") ? detail.substr(2) : detail);
}

}  // namespace tenure::cli

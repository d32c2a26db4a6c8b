// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/cells.hpp"

#include <locale.h>
#include <wchar.h>

#include "proto/wire/utf8.hpp"

namespace tenure::cli {
namespace {

// The C library knows the widths, in a locale whose characters are Unicode's: in this thread, while
// it lives.
class UnicodeLocale {
 public:
  UnicodeLocale() noexcept : before_(::uselocale(unicode())) {}
  ~UnicodeLocale() { ::uselocale(before_); }
  UnicodeLocale(const UnicodeLocale&) = delete;
  UnicodeLocale& operator=(const UnicodeLocale&) = delete;

 private:
  // Null, which changes nothing, where the system has no such locale: then all take one cell.
  static locale_t unicode() noexcept {
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
  }
  locale_t before_;
};

struct Character {
  std::size_t bytes;
  std::size_t cells;
};

Character character_at(std::string_view text, std::size_t at) noexcept {
  const std::size_t bytes = wire::utf8_sequence_bytes(text, at);
  if (bytes == 0) {
    return {.bytes = 1, .cells = 1};
  }
  const auto lead = static_cast<unsigned char>(text[at]);
  wchar_t code = bytes == 1 ? lead : lead & (0x7f >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    code = (code << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3f);
  }
  const int cells = ::wcwidth(code);  // -1: not known, or a control character, which is escaped.
  return {.bytes = bytes, .cells = cells < 0 ? 1U : static_cast<std::size_t>(cells)};
}

// Where the first `width` cells of `text` end, in bytes; `width` becomes what they take.
std::size_t end_of(std::string_view text, std::size_t& width) noexcept {
  const UnicodeLocale locale;
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const Character next = character_at(text, at);
    if (used + next.cells > width) {
      break;
    }
    used += next.cells;
    at += next.bytes;
  }
  width = used;
  return at;
}

}  // namespace

std::size_t width_of(std::string_view text) noexcept {
  std::size_t width = 2 * text.size();  // More than it can be.
  end_of(text, width);
  return width;
}

std::string cut_to(std::string_view text, std::size_t width) {
  if (width == 0 || width_of(text) <= width) {
    return std::string(width == 0 ? std::string_view{} : text);
  }
  std::size_t kept = width - 1;
  return std::string(text.substr(0, end_of(text, kept))) + "…";
}

}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace tenure::cli {
namespace {

constexpr std::string_view kGap = "  ";

std::uint8_t byte_at(std::string_view text, std::size_t index) {
  return static_cast<std::uint8_t>(text[index]);
}

bool is_continuation(std::uint8_t byte) {
  return (byte & 0xc0U) == 0x80U;
}

// Length of the well-formed UTF-8 sequence at `at`, 0 where there is none (Unicode table 3-7).
std::size_t sequence_bytes(std::string_view text, std::size_t at) {
  const std::uint8_t lead = byte_at(text, at);
  if (lead < 0x80) {
    return 1;
  }
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() - at < length) {
    return 0;
  }
  const std::uint8_t second = byte_at(text, at + 1);
  const std::uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) {
    return 0;
  }
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_continuation(byte_at(text, at + i))) {
      return 0;
    }
  }
  return length;
}

// C0, DEL and C1: what a terminal may obey.
bool is_control(std::string_view text, std::size_t at, std::size_t length) {
  const std::uint8_t lead = byte_at(text, at);
  return length == 1 ? lead < 0x20 || lead == 0x7f : lead == 0xc2 && byte_at(text, at + 1) < 0xa0;
}

std::string coloured(bool uses_colour, std::string_view code, std::string_view text) {
  if (!uses_colour || text.empty()) {
    return std::string(text);
  }
  return std::string("\x1b[").append(code).append("m").append(text).append("\x1b[0m");
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_bytes(text, at);
    if (length != 0 && !is_control(text, at, length)) {
      out.append(text.substr(at, length));
      at += length;
      continue;
    }
    for (std::size_t end = at + std::max<std::size_t>(length, 1); at < end; ++at) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\x%02x", unsigned{byte_at(text, at)});
      out += escape.data();
    }
  }
  return out;
}

std::size_t width_of(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return !is_continuation(static_cast<std::uint8_t>(c)); }));
}

std::string Style::heading(std::string_view text) const {
  return coloured(uses_colour, "1", text);
}
std::string Style::hint(std::string_view text) const {
  return coloured(uses_colour, "36", text);
}
std::string Style::failure(std::string_view text) const {
  return coloured(uses_colour, "1;31", text);
}

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text(const Style& style) const {
  return heading_text(style) + rows_text();
}

std::string Table::heading_text(const Style& style) const {
  std::vector<std::string> titles;
  titles.reserve(columns_.size());
  for (const Column& column : columns_) {
    titles.push_back(column.title);
  }
  return style.heading(line(titles, widths())) + "\n";
}

std::string Table::rows_text() const {
  std::string out;
  const auto all = widths();
  for (const auto& row : rows_) {
    out += line(row, all) + "\n";
  }
  return out;
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = std::max(columns_[i].min_width, width_of(columns_[i].title));
    for (const auto& row : rows_) {
      width = std::max(width, width_of(row[i]));
    }
    widths.push_back(width);
  }
  return widths;
}

std::string Table::line(const std::vector<std::string>& cells,
                        const std::vector<std::size_t>& widths) const {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string padding(widths[i] - width_of(cells[i]), ' ');
    out += i == 0 ? "" : kGap;
    out += columns_[i].align == Align::left ? cells[i] + padding : padding + cells[i];
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

}  // namespace tenure::cli

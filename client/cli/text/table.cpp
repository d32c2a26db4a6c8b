// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "client/cli/text/cells.hpp"
#include "proto/wire/utf8.hpp"

namespace tenure::cli {
namespace {

constexpr std::string_view kGap = "  ";

std::uint8_t byte_at(std::string_view text, std::size_t index) {
  return static_cast<std::uint8_t>(text[index]);
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
    const std::size_t length = wire::utf8_sequence_bytes(text, at);
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

std::string Style::heading(std::string_view text) const {
  return coloured(uses_colour, "1", text);
}
std::string Style::hint(std::string_view text) const {
  return coloured(uses_colour, "36", text);
}
std::string Style::failure(std::string_view text) const {
  return coloured(uses_colour, "1;31", text);
}

std::string Style::paint(std::string_view code, std::string_view text) const {
  return coloured(uses_colour, code, text);
}

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text(const Style& style) const {
  const Widths widths = widths_within(style.columns);
  return style.heading(line(titles(), widths)) + "\n" + rows_text(widths);
}

std::string Table::heading_text(const Style& style) const {
  return style.heading(line(titles(), widths_within(0))) + "\n";
}

std::string Table::rows_text() const {
  return rows_text(widths_within(0));
}

std::vector<std::string> Table::titles() const {
  std::vector<std::string> titles;
  titles.reserve(columns_.size());
  for (const Column& column : columns_) {
    titles.push_back(column.title);
  }
  return titles;
}

std::string Table::rows_text(const Widths& widths) const {
  std::string out;
  for (const auto& row : rows_) {
    out += line(row, widths) + "\n";
  }
  return out;
}

Table::Widths Table::widths_within(std::size_t limit) const {
  Widths widths;
  std::size_t total = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = std::max(columns_[i].min_width, width_of(columns_[i].title));
    for (const auto& row : rows_) {
      width = std::max(width, width_of(row[i]));
    }
    widths.push_back(width);
    total += width + (i == 0 ? 0 : kGap.size());
  }
  for (std::size_t i = 0; limit != 0 && total > limit && i < columns_.size(); ++i) {
    const std::size_t least = columns_[i].shrinks_to;
    if (least != 0 && widths[i] > least) {
      const std::size_t cut = std::min(total - limit, widths[i] - least);
      widths[i] -= cut;
      total -= cut;
    }
  }
  return widths;
}

std::string Table::line(const std::vector<std::string>& cells, const Widths& widths) const {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = cut_to(cells[i], widths[i]);
    const std::string padding(widths[i] - width_of(cell), ' ');
    out += i == 0 ? "" : kGap;
    out += columns_[i].align == Align::left ? cell + padding : padding + cell;
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

}  // namespace tenure::cli

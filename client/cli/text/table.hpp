// SPDX-License-Identifier: Apache-2.0
/// Text in columns, safe to show whatever a peer called itself.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tenure::cli {

/// `text` with control characters and bytes that are not UTF-8 as \xNN: a name that another
/// process chose cannot drive the terminal.
[[nodiscard]] std::string printable(std::string_view text);

enum class Align : unsigned char { left, right };

/// How headings and hints look, and how wide a table may be.
struct Style {
  bool uses_colour = false;
  std::size_t columns = 0;  ///< Of the terminal; 0: there is none, lines may have any length.
  [[nodiscard]] std::string heading(std::string_view text) const;
  [[nodiscard]] std::string hint(std::string_view text) const;
  [[nodiscard]] std::string failure(std::string_view text) const;
  /// In the colour of that code (ECMA-48, SGR), where colour is used.
  [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const;
};

/// Rows under headings; every column as wide as its widest cell, unless the terminal is too narrow
/// for that and the column may shrink. Threads: one at a time.
class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::left;
    std::size_t min_width = 0;   ///< For rows that are printed one by one.
    std::size_t shrinks_to = 0;  ///< Cells that text() leaves it at least; 0: all it takes.
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns.
  void add(std::vector<std::string> cells);

  [[nodiscard]] std::string text(const Style& style) const;
  /// The rows alone, for a table without headings or one that goes on.
  [[nodiscard]] std::string rows_text() const;
  [[nodiscard]] std::string heading_text(const Style& style) const;

 private:
  using Widths = std::vector<std::size_t>;

  [[nodiscard]] std::vector<std::string> titles() const;
  [[nodiscard]] Widths widths_within(std::size_t limit) const;
  [[nodiscard]] std::string rows_text(const Widths& widths) const;
  [[nodiscard]] std::string line(const std::vector<std::string>& cells, const Widths& widths) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tenure::cli

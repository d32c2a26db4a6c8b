// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/screen.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace digits {
namespace {

void print(const std::string& text) {
  std::cout << text << '\n' << std::flush;
}

// Columns that UTF-8 text takes: continuation bytes take none.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string padded(std::string_view text, std::size_t columns) {
  return std::string(text) + std::string(columns - std::min(columns, width(text)), ' ');
}

std::string rule(std::size_t columns) {
  std::string line;
  for (std::size_t i = 0; i < columns; ++i) {
    line += "─";
  }
  return line;
}

}  // namespace

// NOLINTNEXTLINE(cert-dcl50-cpp): the compiler checks the arguments, by the attribute.
std::string formatted(const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  std::va_list again;
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, format, arguments);
  va_end(arguments);
  std::string text(static_cast<std::size_t>(std::max(size, 0)), '\0');
  std::vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  return text;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t end = digits.size(); end > 3; end -= 3) {
    digits.insert(end - 3, ",");
  }
  return digits;
}

std::string megabytes(std::uint64_t bytes) {
  return formatted("%.1f MB", static_cast<double>(bytes) / 1e6);
}

Screen::Screen() {
  // NOLINTBEGIN(concurrency-mt-unsafe): this program has one thread.
  const char* terminal = std::getenv("TERM");
  const bool unwanted = std::getenv("NO_COLOR") != nullptr;
  // NOLINTEND(concurrency-mt-unsafe)
  colours_ = ::isatty(STDOUT_FILENO) == 1 && !unwanted && terminal != nullptr &&
             std::string_view(terminal) != "dumb";
}

void Screen::title(std::string_view text) const {
  print("\n" + painted(text, Colour::bold) + "\n");
}

void Screen::line(std::string_view text) const {
  print(std::string(text));
}

void Screen::head() {
  print(painted(
      "\n    TIME   LOADER      PREPROCESSORS   TRAINER                    EVALUATOR 1       "
      "        EVALUATOR 2",
      Colour::grey));
  started_ = std::chrono::steady_clock::now();
}

void Screen::row(std::string_view text) const {
  print(time() + "   " + std::string(text));
}

void Screen::event(std::string_view text) const {
  print(time() + " " + painted("▸ " + std::string(text), Colour::yellow));
}

void Screen::box(std::string_view title, const std::vector<Finding>& findings) const {
  std::size_t subjects = 0;
  std::size_t statements = 0;
  for (const Finding& finding : findings) {
    subjects = std::max(subjects, width(finding.subject));
    statements = std::max(statements, width(finding.statement));
  }
  const std::size_t inner = 2 + subjects + 2 + statements;
  print("\n╭─ " + painted(title, Colour::bold) + " " +
        rule(inner - std::min(inner, width(title) + 1)) + "╮");
  for (const Finding& finding : findings) {
    print("│ " + (finding.holds ? painted("✓ ", Colour::green) : painted("✗ ", Colour::red)) +
          padded(finding.subject, subjects) + "  " + padded(finding.statement, statements) + " │");
  }
  print("╰" + rule(inner + 2) + "╯");
}

std::string Screen::time() const {
  const std::chrono::duration<double> at = std::chrono::steady_clock::now() - started_;
  return painted(formatted("%6.1f s", at.count()), Colour::grey);
}

std::string Screen::painted(std::string_view text, Colour colour) const {
  constexpr const char* codes[] = {"0", "1", "90", "31", "32", "33"};
  if (!colours_ || colour == Colour::none) {
    return std::string(text);
  }
  return formatted("\x1b[%sm", codes[static_cast<std::size_t>(colour)]) + std::string(text) +
         "\x1b[0m";
}

}  // namespace digits

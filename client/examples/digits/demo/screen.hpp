// SPDX-License-Identifier: Apache-2.0
/// What the demo shows: lines as it goes on, a box at its end. Colour on a terminal only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace digits {

/// printf into a string.
[[gnu::format(printf, 1, 2)]] [[nodiscard]] std::string formatted(const char* format, ...);
/// 1410 as "1,410".
[[nodiscard]] std::string grouped(std::uint64_t number);
/// 2931712 as "2.9 MB".
[[nodiscard]] std::string megabytes(std::uint64_t bytes);

/// One statement of the summary, and whether it is true.
struct Finding {
  bool holds = false;
  std::string subject;
  std::string statement;
};

/// Standard output. Threads: one at a time.
class Screen {
 public:
  Screen();

  void title(std::string_view text) const;
  void line(std::string_view text) const;
  /// The names of the columns of row(). Times count from here.
  void head();
  /// How far everybody is.
  void row(std::string_view text) const;
  /// Something happened that a person should notice.
  void event(std::string_view text) const;
  void box(std::string_view title, const std::vector<Finding>& findings) const;

 private:
  enum class Colour : std::uint8_t { none, bold, grey, red, green, yellow };

  [[nodiscard]] std::string painted(std::string_view text, Colour colour) const;
  [[nodiscard]] std::string time() const;

  bool colours_ = false;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace digits

// SPDX-License-Identifier: Apache-2.0
/// What a writer leaves in each page: its stamp at several places, and the page's number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace tenure::soak {

/// Who wrote, and which of its writes it was; in no two processes and no two writes the same.
struct Stamp {
  std::uint64_t worker = 0;
  std::uint64_t life = 1;
  std::uint64_t token = 0;  ///< The how manieth of this process.
  std::uint64_t write = 0;

  [[nodiscard]] std::uint64_t word() const noexcept {
    return worker << 60U | (life & 0xFFFFU) << 44U | (token & 0xFFFFFU) << 24U |
           (write & 0xFF'FFFFU);
  }
};

/// "worker 3, life 2, token 17, write 4", or what else the word is.
[[nodiscard]] std::string describe_stamp(std::uint64_t word);

/// What a page says of itself.
struct PageText {
  static constexpr std::size_t kStamps = 4;
  std::array<std::uint64_t, kStamps> stamps{};
  std::uint64_t number = 0;

  friend bool operator==(const PageText&, const PageText&) = default;
};

void write_page(std::byte* page, std::uint64_t stamp, std::uint64_t number) noexcept;
[[nodiscard]] PageText read_page(const std::byte* page) noexcept;

/// What is wrong with a page that should carry `stamp`; empty: nothing.
[[nodiscard]] std::string find_page_fault(const PageText& text,
                                          std::uint64_t stamp,
                                          std::uint64_t number);

}  // namespace tenure::soak

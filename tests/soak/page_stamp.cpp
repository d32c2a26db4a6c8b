// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/page_stamp.hpp"

namespace tenure::soak {
namespace {

// Words of the page; the first and the last are among them.
constexpr std::array<std::size_t, PageText::kStamps> kStampWords{0, 170, 341, 511};
constexpr std::size_t kNumberWord = 1;

}  // namespace

std::string describe_stamp(std::uint64_t word) {
  if (word == 0) {
    return "nothing";
  }
  return "worker " + std::to_string(word >> 60U) + ", life " +
         std::to_string(word >> 44U & 0xFFFFU) + ", token " +
         std::to_string(word >> 24U & 0xFFFFFU) + ", write " + std::to_string(word & 0xFF'FFFFU);
}

// volatile, here and below: whoever breaks the rules writes meanwhile, and that is to be seen.
void write_page(std::byte* page, std::uint64_t stamp, std::uint64_t number) noexcept {
  auto* words = reinterpret_cast<volatile std::uint64_t*>(page);
  words[kNumberWord] = number;
  for (const std::size_t word : kStampWords) {
    words[word] = stamp;
  }
}

PageText read_page(const std::byte* page) noexcept {
  const auto* words = reinterpret_cast<const volatile std::uint64_t*>(page);
  PageText text;
  for (std::size_t i = 0; i < PageText::kStamps; ++i) {
    text.stamps.at(i) = words[kStampWords.at(i)];
  }
  text.number = words[kNumberWord];
  return text;
}

std::string find_page_fault(const PageText& text, std::uint64_t stamp, std::uint64_t number) {
  for (std::size_t i = 0; i < PageText::kStamps; ++i) {
    if (text.stamps.at(i) != stamp) {
      return "stamp " + std::to_string(i) + " is of " + describe_stamp(text.stamps.at(i)) +
             " instead of " + describe_stamp(stamp);
    }
  }
  if (text.number != (stamp == 0 ? 0 : number)) {
    return "it is page " + std::to_string(text.number);
  }
  return {};
}

}  // namespace tenure::soak

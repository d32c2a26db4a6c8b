// SPDX-License-Identifier: Apache-2.0
#include "proto/layout/tensor_name.hpp"

#include <array>
#include <string>

#include "proto/layout/constants.hpp"

namespace tenure::layout {
namespace {

// A row of Unicode 15's table 3-7: which bytes may follow a first byte of a UTF-8 sequence.
struct Utf8Row {
  unsigned first_low, first_high;    // The first byte,
  unsigned second_low, second_high;  // the second,
  std::size_t length;                // and how many there are; from the third on 80..BF.
};
constexpr std::array<Utf8Row, 9> kUtf8Rows{{{0x00, 0x7F, 0x00, 0x00, 1},
                                            {0xC2, 0xDF, 0x80, 0xBF, 2},
                                            {0xE0, 0xE0, 0xA0, 0xBF, 3},
                                            {0xE1, 0xEC, 0x80, 0xBF, 3},
                                            {0xED, 0xED, 0x80, 0x9F, 3},
                                            {0xEE, 0xEF, 0x80, 0xBF, 3},
                                            {0xF0, 0xF0, 0x90, 0xBF, 4},
                                            {0xF1, 0xF3, 0x80, 0xBF, 4},
                                            {0xF4, 0xF4, 0x80, 0x8F, 4}}};

bool begins_with(std::string_view text, const Utf8Row& row) noexcept {
  const auto is_within = [&](std::size_t i, unsigned low, unsigned high) {
    const auto byte = static_cast<unsigned char>(text[i]);
    return byte >= low && byte <= high;
  };
  if (text.size() < row.length || !is_within(0, row.first_low, row.first_high)) {
    return false;
  }
  for (std::size_t i = 1; i < row.length; ++i) {
    if (!is_within(i, i == 1 ? row.second_low : 0x80, i == 1 ? row.second_high : 0xBF)) {
      return false;
    }
  }
  return true;
}

// Length of the UTF-8 sequence at `text`'s start, 0 if there is none.
std::size_t utf8_length(std::string_view text) noexcept {
  for (const Utf8Row& row : kUtf8Rows) {
    if (begins_with(text, row)) {
      return row.length;
    }
  }
  return 0;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

Error bad_name(std::size_t index, const std::string& what) {
  return {.code = Errc::bad_request,
          .detail = "schema[" + std::to_string(index) + "].name: " + what};
}

}  // namespace

std::optional<Error> check_tensor_name(std::string_view name, std::size_t index) {
  if (name.empty() || name.size() > kMaxNameBytes) {
    return bad_name(index, std::to_string(name.size()) + " bytes; 1 to 255 are allowed");
  }
  if (!is_utf8(name) || name.find('\0') != std::string_view::npos) {
    return bad_name(index, "not UTF-8 text");
  }
  return std::nullopt;
}

}  // namespace tenure::layout

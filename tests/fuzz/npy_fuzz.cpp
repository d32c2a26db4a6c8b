// SPDX-License-Identifier: Apache-2.0
// Whatever bytes come as a .npy file, reading answers; and what it accepts can be written again and
// is then read as the same array. For libFuzzer, and for npy_replay_test.cpp.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "client/cli/npy/npy.hpp"

namespace {

using namespace tenure::cli;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void write_and_read_again(const NpyArray& array, std::span<const std::byte> bytes) {
  std::string file = npy_preamble(array.header.dtype, array.header.shape.extents());
  file.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto again = parse_npy(std::as_bytes(std::span(file)));
  require(again.has_value());
  require(again->header.dtype == array.header.dtype);
  require(again->header.shape == array.header.shape);
  require(again->bytes.size() == bytes.size());
  require(bytes.empty() || std::memcmp(again->bytes.data(), bytes.data(), bytes.size()) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::span<const std::uint8_t> input(bytes, size);
  const auto array = parse_npy(std::as_bytes(input));
  if (!array) {
    require(!array.error().detail.empty());
    return 0;
  }
  std::vector<std::byte> storage;
  const auto elements = c_order_bytes(*array, storage);
  require(elements.size() == array->bytes.size());
  if (array->header.dtype != tenure::DType::any) {
    write_and_read_again(*array, elements);
  }
  return 0;
}

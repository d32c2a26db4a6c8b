// SPDX-License-Identifier: Apache-2.0
#include "client/cli/npy/npy.hpp"

#include <array>
#include <cstring>

#include "client/cli/npy/next_index.hpp"

namespace tenure::cli {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kVersionBytes = 2;
constexpr std::size_t kHeaderAlignBytes = 64;
// NumPy leaves room for the digits of an extent that grows while a file is appended to.
constexpr std::size_t kGrowthDigits = 21;

Error refused(std::string why) {
  return {.code = Errc::bad_request,
          .detail = std::move(why),
          .hint = "write it anew with numpy.save()"};
}

std::uint32_t byte_at(std::span<const std::byte> bytes, std::size_t index) {
  return std::to_integer<std::uint32_t>(bytes[index]);
}

// Nothing where it does not fit.
bool checked_size(const NpyHeader& header, std::uint64_t& size_bytes) {
  size_bytes = header.item_bytes;
  bool is_too_large = false;
  for (const std::int64_t extent : header.shape.extents()) {
    if (extent == 0) {
      size_bytes = 0;
      return true;
    }
    is_too_large |=
        __builtin_mul_overflow(size_bytes, static_cast<std::uint64_t>(extent), &size_bytes);
  }
  return !is_too_large;
}

std::string descr_of(DType dtype) {
  const std::uint64_t item_bytes = bits_of(dtype) / 8;
  const std::string order = item_bytes == 1 ? "|" : "<";
  const std::string size = std::to_string(item_bytes);
  switch (dtype) {
    case DType::bool_:
      return "|b1";
    case DType::int8:
    case DType::int16:
    case DType::int32:
    case DType::int64:
      return order + "i" + size;
    case DType::uint8:
    case DType::uint16:
    case DType::uint32:
    case DType::uint64:
      return order + "u" + size;
    case DType::float16:
    case DType::float32:
    case DType::float64:
      return order + "f" + size;
    case DType::complex64:
    case DType::complex128:
      return order + "c" + size;
    default:
      return bits_of(dtype) % 8 == 0 ? "|V" + size : "|V1";
  }
}

std::string tuple_of(std::span<const std::int64_t> shape) {
  std::string out = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    out += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return out + (shape.size() == 1 ? ",)" : ")");
}

// Copies `count` elements that lie `from_step` apart to consecutive places.
void gather(std::byte* to,
            const std::byte* from,
            std::uint64_t count,
            std::uint64_t from_step,
            std::uint64_t item_bytes) {
  for (std::uint64_t i = 0; i < count; ++i) {
    std::memcpy(to + i * item_bytes, from + i * from_step, item_bytes);
  }
}

}  // namespace

Result<NpyArray> parse_npy(std::span<const std::byte> file) {
  const std::size_t fixed_bytes = kMagic.size() + kVersionBytes;
  if (file.size() < fixed_bytes || std::memcmp(file.data(), kMagic.data(), kMagic.size()) != 0) {
    return refused("not a .npy file");
  }
  const std::uint32_t major = byte_at(file, kMagic.size());
  if (major < 1 || major > 3 || byte_at(file, kMagic.size() + 1) != 0) {
    return Error{.code = Errc::unsupported,
                 .detail = ".npy version " + std::to_string(major) + "." +
                           std::to_string(byte_at(file, kMagic.size() + 1)) +
                           "; 1.0 to 3.0 are read"};
  }
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  if (file.size() - fixed_bytes < length_bytes) {
    return refused("truncated before the length of its header");
  }
  std::uint64_t header_bytes = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    header_bytes |= std::uint64_t{byte_at(file, fixed_bytes + i)} << (8 * i);
  }
  const auto rest = file.subspan(fixed_bytes + length_bytes);
  if (header_bytes > rest.size()) {
    return refused("truncated: a header of " + std::to_string(header_bytes) + " bytes, " +
                   std::to_string(rest.size()) + " are there");
  }
  auto header = parse_npy_header({reinterpret_cast<const char*>(rest.data()), header_bytes});
  if (!header) {
    return std::move(header).error();
  }
  std::uint64_t size_bytes = 0;
  if (!checked_size(*header, size_bytes)) {
    return refused("its shape has more than 2^64 bytes");
  }
  const auto bytes = rest.subspan(header_bytes);
  if (bytes.size() != size_bytes) {
    const std::string numbers = "its shape has " + std::to_string(size_bytes) + " bytes, " +
                                std::to_string(bytes.size()) + " are there";
    return refused((bytes.size() < size_bytes ? "truncated: " : "bytes after the array: ") +
                   numbers);
  }
  return NpyArray{.header = *header, .bytes = bytes};
}

std::span<const std::byte> c_order_bytes(const NpyArray& array, std::vector<std::byte>& storage) {
  const auto extents = array.header.shape.extents();
  if (!array.header.is_fortran_order || extents.size() < 2 || array.bytes.empty()) {
    return array.bytes;
  }
  // Fortran order: the first index steps by one element, each further one over all before it.
  const std::uint64_t item_bytes = array.header.item_bytes;
  std::array<std::uint64_t, kMaxRank> steps{};
  std::uint64_t step = item_bytes;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    steps[i] = step;
    step *= static_cast<std::uint64_t>(extents[i]);
  }
  storage.resize(array.bytes.size());
  const std::size_t last = extents.size() - 1;
  const auto row = static_cast<std::uint64_t>(extents[last]);
  std::array<std::int64_t, kMaxRank> index{};
  for (std::uint64_t done = 0; done < storage.size(); done += row * item_bytes) {
    std::uint64_t from = 0;
    for (std::size_t i = 0; i < last; ++i) {
      from += static_cast<std::uint64_t>(index[i]) * steps[i];
    }
    gather(storage.data() + done, array.bytes.data() + from, row, steps[last], item_bytes);
    next_index(std::span(index).first(last), extents.first(last));
  }
  return storage;
}

std::string npy_preamble(DType dtype, std::span<const std::int64_t> shape) {
  std::vector<std::int64_t> extents(shape.begin(), shape.end());
  if (bits_of(dtype) % 8 != 0) {
    std::uint64_t bits = bits_of(dtype);
    for (const std::int64_t extent : shape) {
      bits *= static_cast<std::uint64_t>(extent);
    }
    extents = {static_cast<std::int64_t>((bits + 7) / 8)};
  }
  std::string header = "{'descr': '" + descr_of(dtype) +
                       "', 'fortran_order': False, 'shape': " + tuple_of(extents) + ", }";
  if (!extents.empty()) {
    header.append(kGrowthDigits - std::to_string(extents.front()).size(), ' ');
  }
  const std::size_t fixed_bytes = kMagic.size() + kVersionBytes + 2;
  header.append(kHeaderAlignBytes - (fixed_bytes + header.size() + 1) % kHeaderAlignBytes, ' ');
  header += '\n';
  std::string out(kMagic);
  out += std::string("\x01\x00", 2);
  // At most 8 extents of 20 digits: the length fits into two bytes, version 2.0 is never needed.
  out += static_cast<char>(header.size() & 0xffU);
  out += static_cast<char>(header.size() >> 8U);
  return out + header;
}

}  // namespace tenure::cli

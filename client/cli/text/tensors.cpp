// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/tensors.hpp"

#include <charconv>
#include <limits>

#include "client/cli/text/regions.hpp"
#include "client/cli/text/table.hpp"
#include "client/cli/text/units.hpp"

namespace tenure::cli {
namespace {

Error bad_tensor(std::string_view text, std::string why) {
  return {.code = Errc::bad_request,
          .detail = "tensor \"" + printable(text) + "\": " + std::move(why),
          .hint = "write NAME:DTYPE:AxBxC, as in image:uint8:480x640x3; NAME:DTYPE: is a scalar"};
}

bool read_extent(std::string_view text, std::int64_t& extent) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), extent);
  return !text.empty() && failed == std::errc{} && end == text.data() + text.size() && extent >= 0;
}

// What is wrong, or an empty string.
std::string read_shape(std::string_view text, std::vector<std::int64_t>& extents) {
  while (!text.empty()) {
    const std::size_t end = text.find('x');
    std::int64_t extent = 0;
    if (!read_extent(text.substr(0, end), extent) || end + 1 == text.size()) {
      return "the shape is numbers joined by x";
    }
    extents.push_back(extent);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return extents.size() > kMaxRank ? "at most 8 dimensions" : "";
}

struct Parts {
  std::string_view name;
  std::string_view dtype;
  std::string_view shape;
};

// The dtype is the last part before the shape, or the last three if those are a dtype in numbers.
bool split(std::string_view text, Parts& parts) {
  const std::size_t last = text.rfind(':');
  if (last == std::string_view::npos || last == 0) {
    return false;
  }
  parts.shape = text.substr(last + 1);
  const std::string_view rest = text.substr(0, last);
  std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) {
    return false;
  }
  std::size_t earlier = colon;
  for (int i = 0; i < 2 && earlier != std::string_view::npos && earlier != 0; ++i) {
    earlier = rest.rfind(':', earlier - 1);
  }
  if (earlier != std::string_view::npos && earlier != 0 && earlier != colon &&
      parse_dtype(rest.substr(earlier + 1))) {
    colon = earlier;
  }
  parts.name = rest.substr(0, colon);
  parts.dtype = rest.substr(colon + 1);
  return !parts.name.empty();
}

}  // namespace

Result<TensorSpec> parse_tensor(std::string_view text) {
  Parts parts;
  if (!split(text, parts)) {
    return bad_tensor(text, "a name, a dtype and a shape are needed");
  }
  TensorSpec spec;
  spec.name = parts.name;
  std::vector<std::int64_t> extents;
  if (auto wrong = read_shape(parts.shape, extents); !wrong.empty()) {
    return bad_tensor(text, std::move(wrong));
  }
  spec.shape = Shape(std::span<const std::int64_t>(extents));
  if (parts.dtype == "any") {
    if (extents.size() != 1) {
      return bad_tensor(text, "an open dtype takes its room in bytes, as in NAME:any:4096");
    }
    return spec;
  }
  auto dtype = parse_dtype(parts.dtype);
  if (!dtype || *dtype == DType::any) {
    return bad_tensor(text,
                      "no dtype \"" + printable(parts.dtype) +
                          "\"; those of NumPy, bfloat16, float8_e4m3fn, float8_e5m2, any");
  }
  spec.dtype = *dtype;
  return spec;
}

Result<FixedTensor> parse_fixed_tensor(std::string_view text, std::uint64_t next_offset) {
  const std::size_t at = text.rfind('@');
  const bool has_offset = at != std::string_view::npos && text.find(':', at) == std::string::npos;
  auto spec = parse_tensor(has_offset ? text.substr(0, at) : text);
  if (!spec) {
    return std::move(spec).error();
  }
  const auto offset = has_offset ? read_size(text.substr(at + 1)) : next_offset;
  if (!offset) {
    return bad_tensor(text, "behind @ stands an offset in bytes, as in @4096 or @64K");
  }
  return FixedTensor{.spec = *std::move(spec), .offset_bytes = *offset};
}

std::string format_shape(std::span<const std::int64_t> extents) {
  std::string out = "[";
  for (std::size_t i = 0; i < extents.size(); ++i) {
    out += (i == 0 ? "" : ",") + std::to_string(extents[i]);
  }
  return out + "]";
}

std::string format_type(const TensorSpec& spec) {
  if (spec.dtype == DType::any) {
    return "any, up to " + format_bytes(room_bytes(spec));
  }
  return to_string(spec.dtype) + format_shape(spec.shape.extents());
}

std::string format_schema(std::span<const TensorSpec> schema) {
  if (schema.empty()) {
    return "-";
  }
  std::string out = printable(schema.front().name) + " " + format_type(schema.front());
  return schema.size() == 1 ? out : out + " +" + std::to_string(schema.size() - 1);
}

std::uint64_t room_bytes(const TensorSpec& spec) {
  std::uint64_t bits = spec.dtype == DType::any ? 8 : bits_of(spec.dtype);
  bool is_too_large = false;
  for (const std::int64_t extent : spec.shape.extents()) {
    if (extent <= 0) {
      return 0;
    }
    is_too_large |= __builtin_mul_overflow(bits, static_cast<std::uint64_t>(extent), &bits);
  }
  return is_too_large ? std::numeric_limits<std::uint64_t>::max() : bits / 8 + (bits % 8 != 0);
}

std::uint64_t room_bytes(std::span<const TensorSpec> schema) {
  std::uint64_t sum = 0;
  for (const TensorSpec& spec : schema) {
    if (__builtin_add_overflow(sum, room_bytes(spec), &sum)) {
      return std::numeric_limits<std::uint64_t>::max();
    }
  }
  return sum;
}

}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
// A reader of exactly the literals that NumPy writes: one dict of three keys. No expression is
// evaluated, nothing recurses, and every step is checked against the end of the text.
#include <array>
#include <charconv>
#include <optional>

#include "client/cli/npy/npy.hpp"
#include "client/cli/text/table.hpp"

namespace tenure::cli {
namespace {

Error malformed(std::string why) {
  return {.code = Errc::bad_request,
          .detail = "not a .npy header: " + std::move(why),
          .hint = "write it anew with numpy.save()"};
}

Error unsupported(std::string_view descr, std::string_view why, std::string_view hint) {
  return {.code = Errc::unsupported,
          .detail = "dtype \"" + printable(descr) + "\": " + std::string(why),
          .hint = std::string(hint)};
}

constexpr std::string_view kConvert = "convert it in NumPy, as in array.astype(\"<f4\")";

struct NamedDType {
  std::string_view name;  // Without the byte order.
  DType dtype;
};

constexpr std::array kDTypes{NamedDType{"b1", DType::bool_},
                             NamedDType{"i1", DType::int8},
                             NamedDType{"i2", DType::int16},
                             NamedDType{"i4", DType::int32},
                             NamedDType{"i8", DType::int64},
                             NamedDType{"u1", DType::uint8},
                             NamedDType{"u2", DType::uint16},
                             NamedDType{"u4", DType::uint32},
                             NamedDType{"u8", DType::uint64},
                             NamedDType{"f2", DType::float16},
                             NamedDType{"f4", DType::float32},
                             NamedDType{"f8", DType::float64},
                             NamedDType{"c8", DType::complex64},
                             NamedDType{"c16", DType::complex128}};

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failed != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

Error unsupported_kind(std::string_view descr, char kind) {
  switch (kind) {
    case 'O':
      return unsupported(descr,
                         "Python objects have no fixed bytes",
                         "make an array of numbers of it, as in numpy.array(list, \"<f4\")");
    case 'U':
    case 'S':
    case 'a':
      return unsupported(descr,
                         "strings are no tensor elements",
                         "view them as bytes, as in array.astype(\"S8\").view(\"u1\")");
    case 'M':
    case 'm':
      return unsupported(descr,
                         "dates and durations are no tensor elements",
                         "view them as numbers, as in array.view(\"<i8\")");
    default:
      return unsupported(descr, "no tensor has such elements", kConvert);
  }
}

// Errors: unsupported  no dtype of ours
Result<void> read_descr(std::string_view descr, NpyHeader& header) {
  std::string_view name = descr;
  const bool has_order = !name.empty() && std::string_view("<>|=").find(name[0]) != name.npos;
  const char order = has_order ? name[0] : '|';
  name.remove_prefix(has_order ? 1 : 0);
  if (name.empty()) {
    return unsupported(descr, "no tensor has such elements", kConvert);
  }
  if (name[0] == 'V') {
    const auto item_bytes = read_number(name.substr(1));
    if (!item_bytes || *item_bytes == 0) {
      return unsupported(descr, "raw elements without a size", kConvert);
    }
    header.item_bytes = *item_bytes;
    return {};
  }
  for (const NamedDType& known : kDTypes) {
    if (known.name != name) {
      continue;
    }
    header.dtype = known.dtype;
    header.item_bytes = bits_of(known.dtype) / 8;
    if (order == '>' && header.item_bytes > 1) {
      return unsupported(descr, "big-endian elements", kConvert);
    }
    return {};
  }
  return unsupported_kind(descr, name[0]);
}

class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : rest_(text) {}

  Result<NpyHeader> read() {
    if (!take('{')) {
      return malformed("it does not begin with {");
    }
    while (!take('}')) {
      if (auto entry = read_entry(); !entry) {
        return std::move(entry).error();
      }
      if (!take(',') && peek() != '}') {
        return malformed("a comma or } is missing");
      }
    }
    skip_space();
    if (!rest_.empty()) {
      return malformed("text after the }");
    }
    if (!has_descr_ || !has_order_ || !has_shape_) {
      return malformed("descr, fortran_order and shape are needed");
    }
    return header_;
  }

 private:
  void skip_space() {
    const std::size_t first = rest_.find_first_not_of(" \t\n\r\f\v");
    rest_.remove_prefix(first == std::string_view::npos ? rest_.size() : first);
  }
  char peek() {
    skip_space();
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool take(char wanted) {
    if (peek() != wanted || rest_.empty()) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  // A quoted string without escapes: NumPy writes none in what is supported.
  std::optional<std::string_view> take_string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') {
      return std::nullopt;
    }
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text.find('\\') == std::string_view::npos ? std::optional(text) : std::nullopt;
  }

  bool take_word(std::string_view word) {
    skip_space();
    if (!rest_.starts_with(word)) {
      return false;
    }
    rest_.remove_prefix(word.size());
    return true;
  }

  Result<void> read_entry() {
    const auto key = take_string();
    if (!key || !take(':')) {
      return malformed("a quoted key and a colon are needed");
    }
    bool* seen = *key == "descr"           ? &has_descr_
                 : *key == "fortran_order" ? &has_order_
                 : *key == "shape"         ? &has_shape_
                                           : nullptr;
    if (seen == nullptr || *seen) {
      return malformed("key \"" + printable(*key) + "\" is unknown or given twice");
    }
    *seen = true;
    return seen == &has_descr_   ? read_descr_value()
           : seen == &has_order_ ? read_order()
                                 : read_shape();
  }

  Result<void> read_descr_value() {
    if (peek() == '[' || peek() == '(') {
      return unsupported("[...]",
                         "structured elements",
                         "save each field as a file, as in numpy.save(\"x.npy\", array[\"x\"])");
    }
    const auto descr = take_string();
    return descr ? read_descr(*descr, header_) : malformed("descr is not a string");
  }

  Result<void> read_order() {
    header_.is_fortran_order = take_word("True");
    if (!header_.is_fortran_order && !take_word("False")) {
      return malformed("fortran_order is neither True nor False");
    }
    return {};
  }

  Result<void> read_shape() {
    std::array<std::int64_t, kMaxRank> extents{};
    std::size_t rank = 0;
    if (!take('(')) {
      return malformed("shape is not a tuple");
    }
    bool has_comma = true;
    while (!take(')')) {
      if (!has_comma) {
        return malformed("shape lacks a comma");
      }
      if (rank == kMaxRank) {
        return Error{.code = Errc::bad_request,
                     .detail = "more than 8 dimensions",
                     .hint = "array.reshape() makes fewer of them"};
      }
      if (!take_extent(extents[rank++])) {
        return malformed("an extent is not a number from 0 to 2^63 - 1");
      }
      has_comma = take(',');
    }
    if (rank == 1 && !has_comma) {
      return malformed("shape is not a tuple");  // (3) is a number in parentheses.
    }
    header_.shape = Shape(std::span<const std::int64_t>(extents.data(), rank));
    return {};
  }

  bool take_extent(std::int64_t& extent) {
    skip_space();
    const char* first = rest_.data();
    const auto [next, failed] = std::from_chars(first, first + rest_.size(), extent);
    if (failed != std::errc{} || extent < 0 || rest_.front() == '-') {
      return false;
    }
    rest_.remove_prefix(static_cast<std::size_t>(next - first));
    take_word("L");  // As Python 2 wrote them.
    return true;
  }

  std::string_view rest_;
  NpyHeader header_;
  bool has_descr_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

}  // namespace

Result<NpyHeader> parse_npy_header(std::string_view text) {
  return HeaderReader(text).read();
}

}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
/// Shapes, and views of tensor memory that somebody else keeps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenure/dtype.hpp>
#include <tenure/result.hpp>

namespace tenure {

inline constexpr std::size_t kMaxRank = 8;

/// Extents in elements, outermost first: rank 0 (a scalar) to 8; an extent may be 0.
///
/// A list longer than kMaxRank keeps its first eight extents and is refused as bad_request by
/// whatever it is given to, as is a negative extent. Threads: a value.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> extents)
      : Shape(std::span<const std::int64_t>(extents.begin(), extents.size())) {}
  explicit Shape(std::span<const std::int64_t> extents) noexcept : rank_(extents.size()) {
    for (std::size_t i = 0; i < extents.size() && i < kMaxRank; ++i) {
      extents_[i] = extents[i];
    }
  }

  /// The extents; at most kMaxRank of them.
  [[nodiscard]] std::span<const std::int64_t> extents() const noexcept {
    return {extents_.data(), rank_ < kMaxRank ? rank_ : kMaxRank};
  }
  /// How many extents were given: more than kMaxRank means that the shape cannot be used.
  [[nodiscard]] std::size_t rank() const noexcept { return rank_; }

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::array<std::int64_t, kMaxRank> extents_{};
  std::size_t rank_ = 0;
};

/// One tensor of a schema. The shape fixes rank and room; a bundle may use less of it.
struct TensorSpec {
  std::string name;  ///< 1 to 255 bytes of UTF-8, unique in its schema.
  DType dtype = DType::any;
  Shape shape = {};  ///< The largest shape, in elements; for DType::any {room in bytes}.

  friend bool operator==(const TensorSpec&, const TensorSpec&) = default;
};

namespace detail {
struct TensorAccess;  // How the library makes views of memory that it has checked.
}

/// Read-only tensor memory, like string_view: valid while the handle it came from lives.
///
/// The spans of shape() and strides_bytes() point into this object, so they are not to be had of a
/// temporary: `bundle.tensor("x")` goes into a variable first. Threads: a value.
class TensorView {
 public:
  TensorView() = default;

  /// A C-contiguous view of your own memory, to publish it by copy.
  ///
  /// Errors: bad_request  `elements` does not have as many elements as `shape`, or the shape is bad
  template <class T>
  [[nodiscard]] static Result<TensorView> of(std::span<const T> elements, const Shape& shape) {
    return contiguous(reinterpret_cast<const std::byte*>(elements.data()),
                      elements.size_bytes(),
                      dtype_v<T>,
                      shape);
  }
  /// The same for any other span, so that a writable or fixed-size one needs no cast.
  template <class T, std::size_t N>
  [[nodiscard]] static Result<TensorView> of(std::span<T, N> elements, const Shape& shape) {
    return of(std::span<const T>(elements), shape);
  }
  /// The same where the dtype has no C++ type: `bytes` in the dtype's own layout.
  [[nodiscard]] static Result<TensorView> of_bytes(std::span<const std::byte> bytes,
                                                   DType dtype,
                                                   const Shape& shape) {
    return contiguous(bytes.data(), bytes.size(), dtype, shape);
  }

  [[nodiscard]] DType dtype() const noexcept { return dtype_; }
  /// In elements, outermost first.
  [[nodiscard]] std::span<const std::int64_t> shape() const& noexcept {
    return {extents_.data(), rank_};
  }
  std::span<const std::int64_t> shape() const&& = delete;
  /// Bytes from one element to the next along each dimension; may be 0 or negative.
  [[nodiscard]] std::span<const std::int64_t> strides_bytes() const& noexcept {
    return {strides_.data(), rank_};
  }
  std::span<const std::int64_t> strides_bytes() const&& = delete;
  /// The element at index (0, 0, ...).
  [[nodiscard]] const std::byte* data() const noexcept { return data_; }
  /// Elements times element size, without any gaps that strides leave.
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  [[nodiscard]] std::uint64_t element_count() const noexcept;
  /// Whether the elements lie in C order without gaps.
  [[nodiscard]] bool is_contiguous() const noexcept;

  /// The elements in C order.
  ///
  /// Errors: bad_request  T is not this dtype, or the tensor is strided
  template <class T>
  [[nodiscard]] Result<std::span<const T>> as() const {
    if (auto usable = check_as(dtype_v<T>); !usable) {
      return std::move(usable).error();
    }
    return unsafe_as<T>();
  }
  /// The bytes from data() on as T, unchecked.
  template <class T>
  [[nodiscard]] std::span<const T> unsafe_as() const noexcept {
    return {reinterpret_cast<const T*>(data_), size_bytes_ / sizeof(T)};
  }

 protected:
  [[nodiscard]] Result<void> check_as(DType wanted) const;

 private:
  friend struct detail::TensorAccess;
  static Result<TensorView> contiguous(const std::byte* data,
                                       std::uint64_t size_bytes,
                                       DType dtype,
                                       const Shape& shape);

  const std::byte* data_ = nullptr;
  std::uint64_t size_bytes_ = 0;
  DType dtype_ = DType::any;
  std::uint32_t rank_ = 0;
  std::array<std::int64_t, kMaxRank> extents_{};
  std::array<std::int64_t, kMaxRank> strides_{};
};

/// The same, writable.
class TensorSpan : public TensorView {
 public:
  TensorSpan() = default;

  [[nodiscard]] std::byte* data() const noexcept {
    return const_cast<std::byte*>(TensorView::data());
  }
  /// Copies all elements, whatever the strides of either side.
  ///
  /// Errors: bad_request  dtype or shape differ, or a strided sub-byte dtype
  [[nodiscard]] Result<void> copy_from(const TensorView& source) const;

  /// Errors: bad_request  T is not this dtype, or the tensor is strided
  template <class T>
  [[nodiscard]] Result<std::span<T>> as() const {
    if (auto usable = check_as(dtype_v<T>); !usable) {
      return std::move(usable).error();
    }
    return unsafe_as<T>();
  }
  template <class T>
  [[nodiscard]] std::span<T> unsafe_as() const noexcept {
    return {reinterpret_cast<T*>(data()), size_bytes() / sizeof(T)};
  }

 private:
  friend struct detail::TensorAccess;
};

/// A tensor and the name that it has in the bundle.
struct NamedTensor {
  std::string_view name;
  TensorView tensor;
};

/// Tensors as an argument: a braced list or a vector, neither of which it keeps.
class Tensors {
 public:
  Tensors(std::initializer_list<NamedTensor> tensors) noexcept
      : tensors_(tensors.begin(), tensors.size()) {}
  // NOLINTNEXTLINE(google-explicit-constructor): an argument, made on the spot.
  Tensors(const std::vector<NamedTensor>& tensors) noexcept : tensors_(tensors) {}

  [[nodiscard]] std::span<const NamedTensor> all() const noexcept { return tensors_; }

 private:
  std::span<const NamedTensor> tensors_;
};

}  // namespace tenure

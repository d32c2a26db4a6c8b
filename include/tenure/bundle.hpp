// SPDX-License-Identifier: Apache-2.0
/// What is read (Bundle) and what is written (Draft): named tensors that become visible together.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <tenure/tensor.hpp>

namespace tenure {

namespace detail {
struct BundleSchema;
struct BundleAccess;
class WriterState;
struct Filling;
}  // namespace detail

/// Whether each bundle carries the time of its publication or push (about 25 ns each).
enum class Stamp : std::uint8_t { none, monotonic };

/// Travels with a bundle: a number of your own and up to `attribute_bytes` of your own bytes.
struct Note {
  std::uint64_t tag = 0;
  std::span<const std::byte> attributes = {};
};

/// Named tensors that were published together, to be read. The base of View, Snapshot and Item.
///
/// Whatever a peer wrote is checked before it is used: a call answers `corrupt`, it never follows a
/// bad offset. What it gives lies in it, so nothing is to be had of a temporary bundle: keep it in
/// a variable while its tensors are read. Threads: const members from any thread.
class Bundle {
 public:
  /// What bundles of this segment consist of, in the order of their creation.
  [[nodiscard]] std::span<const TensorSpec> schema() const noexcept;
  /// Tag and attributes; the attributes point into the bundle. Nothing of a bundle that was taken
  /// before a fork.
  [[nodiscard]] Note note() const& noexcept;
  Note note() const&& = delete;
  /// When it was published or pushed, on CLOCK_MONOTONIC; 0 without Stamp, or taken before a fork.
  [[nodiscard]] std::chrono::nanoseconds published_at() const noexcept;

  /// The tensor called `name`. Its descriptor is copied and checked here, once.
  ///
  /// Errors: not_found  the schema has no tensor of that name, or this bundle leaves it out
  ///         stale      the handle is empty;  forked  a view that was taken before a fork
  ///         corrupt    its writer wrote a descriptor that leaves the slot or breaks the schema
  [[nodiscard]] Result<TensorView> tensor(std::string_view name) const&;
  Result<TensorView> tensor(std::string_view name) const&& = delete;
  /// The only tensor of a schema that has one. Errors: as above; bad_request  it has several
  [[nodiscard]] Result<TensorView> tensor() const&;
  Result<TensorView> tensor() const&& = delete;
  /// tensor(name), then as<T>().
  template <class T>
  [[nodiscard]] Result<std::span<const T>> span(std::string_view name) const& {
    auto found = tensor(name);
    if (!found) {
      return std::move(found).error();
    }
    return found->template as<T>();
  }
  template <class T>
  Result<std::span<const T>> span(std::string_view name) const&& = delete;

 protected:
  Bundle() = default;
  ~Bundle() = default;
  Bundle(const Bundle&) = default;
  Bundle& operator=(const Bundle&) = default;

 private:
  friend struct detail::BundleAccess;
  [[nodiscard]] bool is_forked() const noexcept;
  [[nodiscard]] Result<void> open(std::string_view name, TensorView& view) const;

  const detail::BundleSchema* schema_ = nullptr;
  const std::byte* slot_ = nullptr;
  std::uint64_t limit_bytes_ = 0;
  std::uint32_t generation_ = 0;  // Of the process whose maps these are; 0: own memory.
  // Keeps the bytes for an exported tensor, until what it returns is gone.
  std::shared_ptr<const void> (*keep_)(const Bundle& bundle) = nullptr;
};

/// A slot being filled. Publisher::publish() or Producer::push() makes it visible; destroyed, it is
/// dropped.
///
/// It keeps the mapping alive and may outlive its role (it is then dropped). A tensor that was
/// never asked for is absent from the bundle. Threads: one at a time; other drafts and the
/// role may be used by other threads meanwhile.
class Draft {
 public:
  Draft(Draft&& other) noexcept;
  Draft& operator=(Draft&& other) noexcept;
  ~Draft();

  /// The tensor `name` in its declared, largest shape; its bytes are whatever the slot held before.
  /// Asked for again, the tensor may get another shape; the last one counts.
  ///
  /// Errors: not_found    the schema has no tensor of that name
  ///         bad_request  its dtype is open: say dtype and shape
  ///         stale        the draft was published or moved from;  forked  made before a fork
  [[nodiscard]] Result<TensorSpan> tensor(std::string_view name);
  /// The same in a smaller shape of the same rank.
  /// Errors: as above; bad_request  another rank, or more bytes than the schema has room for
  [[nodiscard]] Result<TensorSpan> tensor(std::string_view name, const Shape& shape);
  /// The same where the schema leaves the dtype open (elsewhere it must be the declared one).
  /// Errors: as above; bad_request  not the declared dtype
  [[nodiscard]] Result<TensorSpan> tensor(std::string_view name, DType dtype, const Shape& shape);
  /// tensor(name), then as<T>().
  template <class T>
  [[nodiscard]] Result<std::span<T>> span(std::string_view name) {
    auto found = tensor(name);
    if (!found) {
      return std::move(found).error();
    }
    return found->template as<T>();
  }
  /// Copies `note` into the draft.
  /// Errors: bad_request  more attributes than the segment has room for; stale; forked
  [[nodiscard]] Result<void> set_note(Note note);

 private:
  friend class detail::WriterState;
  Draft() = default;
  [[nodiscard]] Result<void> check() const;

  detail::WriterState* state_ = nullptr;  // Counted. Empty: published or moved from.
  detail::Filling* filling_ = nullptr;    // What is known of the slot; state_ owns it.
};

}  // namespace tenure

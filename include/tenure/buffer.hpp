// SPDX-License-Identifier: Apache-2.0
/// A buffer: bytes that are parcelled out by tokens. A borrow writes a region and nobody else sees
/// it; freezes read a region that nobody can write.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenure/role.hpp>
#include <tenure/tensor.hpp>
#include <tenure/token.hpp>

namespace tenure {

namespace detail {
class BufferState;
}

/// Who holds everything at first: the session that created the buffer, by a borrow like any other,
/// or the broker, which lends to whoever has the rights.
enum class Root : std::uint8_t { creator, broker };

/// isolate: a grain gets fresh memory, by a copy, whenever it passes from a writer of one uid to
/// another uid, so that not even pages which a device or io_uring has pinned are shared.
enum class Handover : std::uint8_t { share, isolate };

/// A tensor at a fixed place of a buffer.
struct FixedTensor {
  TensorSpec spec;
  std::uint64_t offset_bytes = 0;  ///< A multiple of the element's size.

  friend bool operator==(const FixedTensor&, const FixedTensor&) = default;
};

/// What a buffer is, fixed when it is created.
struct BufferOptions {
  std::uint64_t size_bytes = 0;  ///< Whole pages.
  /// The unit in which the kernel protects memory between uids, in whole pages; at most 240 grains.
  /// 0: a sixteenth of the buffer, rounded up to pages, from 32 MiB on to multiples of 2 MiB.
  std::uint64_t grain_bytes = 0;
  std::vector<FixedTensor> schema = {};  ///< None, or up to 4096 that do not overlap.
  Root root = Root::creator;
  Handover handover = Handover::share;
  Terms terms = {};
};

/// What a buffer lends. Made by Client::buffer(). Opening it gives access to nothing; it keeps its
/// session alive, and so do tokens. Threads: one at a time.
///
/// Where this session has the root borrow, borrow() and freeze() lend from that, else the broker
/// lends from its own share: for a borrow that takes the right w, for a freeze r.
class Buffer {
 public:
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  /// The borrow over everything of the session that created the buffer, once; from then on it is a
  /// token like any other.
  ///
  /// Errors: not_found  another session has or had it, it was asked for before, or there is none
  ///         stale      this handle was moved from;  forked  it is the parent's
  [[nodiscard]] Result<Borrow> root();

  [[nodiscard]] std::uint64_t size_bytes() const noexcept;
  /// Between different uids regions must cover whole grains.
  [[nodiscard]] std::uint64_t grain_bytes() const noexcept;
  /// Regions begin and end on multiples of it.
  [[nodiscard]] std::uint64_t page_bytes() const noexcept;
  [[nodiscard]] std::span<const FixedTensor> schema() const noexcept;
  /// The pages in which the schema's tensor of that name lies: what to borrow or freeze to reach
  /// it. Other tensors may have bytes in the first and the last of them.
  ///
  /// Errors: not_found  the schema has no such tensor
  [[nodiscard]] Result<Region> region(std::string_view tensor) const;

  /// The right to write `region`; nobody else has any access to it meanwhile.
  ///
  /// Errors: held         somebody has some of it (the first conflict, by whom), or waits for it
  ///         timed_out    waited in vain; cancelled  Client::interrupt()
  ///         needs_grain  part of a grain of which another uid has a part
  ///         attached     this session has attached the root: lend from that, or detach() it first
  ///         still_mapped  a writable map of the root's outlives its detach()
  ///         bad_request  not whole pages, empty, reversed, beyond the end
  ///         denied       no right w;  quota, too_many  with the numbers
  ///         stale        the buffer is gone, or this handle was moved from;  forked  as root()
  [[nodiscard]] Result<Borrow> borrow(Region region, TokenOptions options = {});
  /// The right to read `region`; nobody can write it meanwhile, others may freeze it, too.
  ///
  /// Errors: as borrow();  denied  no right r;  poisoned  its writer died half-way
  [[nodiscard]] Result<Freeze> freeze(Region region, TokenOptions options = {});
  /// Several regions at once: all or none, so that no order of asking can end in a deadlock.
  /// Errors: as borrow() and freeze();  bad_request  borrowed regions that overlap, or too many
  [[nodiscard]] Result<std::vector<Borrow>> borrow_all(std::span<const Region> regions,
                                                       TokenOptions options = {});
  [[nodiscard]] Result<std::vector<Freeze>> freeze_all(std::span<const Region> regions,
                                                       TokenOptions options = {});
  /// The same without waiting here: Pending::get() has the answer. `options.timeout` is how long
  /// the broker lets it wait; kNoWait waits for as long as it takes.
  [[nodiscard]] Pending<Borrow> borrow_later(Region region, TokenOptions options = {});
  [[nodiscard]] Pending<Freeze> freeze_later(Region region, TokenOptions options = {});

  /// Waits until everything is back that was lent by the root, if this session has it, or else by
  /// the broker. Errors: held  kNoWait, and the first that is out;  timed_out, cancelled, stale
  [[nodiscard]] Result<void> wait_returned(Timeout timeout = kForever);

  /// Opens the same name again, as it is now. Tokens are not brought along.
  /// Errors: those of Client::buffer(); the handle is left as it was
  [[nodiscard]] Result<void> reopen(Timeout timeout = kNoWait);

 private:
  friend class Client;
  explicit Buffer(std::shared_ptr<detail::BufferState> state) noexcept;
  std::shared_ptr<detail::BufferState> state_;
};

}  // namespace tenure

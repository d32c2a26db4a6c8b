// SPDX-License-Identifier: Apache-2.0
/// Tokens: the right to a region of a buffer, lent on, attached to memory, sent to others.
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

#include <tenure/tensor.hpp>
#include <tenure/wait.hpp>

namespace tenure {

class Borrow;
class Freeze;

namespace detail {
class TokenState;
class PendingState;
struct TokenAccess;
}  // namespace detail

/// borrow: writes, and nobody else has any access; freeze: reads, and nobody writes.
enum class TokenMode : std::uint8_t { borrow, freeze };

/// The half-open range [begin, end) of a buffer's bytes, in whole pages.
struct Region {
  std::uint64_t begin_bytes = 0;
  std::uint64_t end_bytes = 0;

  friend bool operator==(const Region&, const Region&) = default;
};

/// What lies in a region. It travels with a token and its ticket, so that who claims it needs
/// neither the buffer's name nor a message beside it.
struct Layout {
  DType dtype = DType::any;
  Shape shape = {};
  /// From the buffer's first byte; default: the region's begin.
  std::optional<std::uint64_t> offset_bytes = {};
};

struct TokenOptions {
  Timeout timeout = kNoWait;  ///< How long to wait for a region that others have.
  std::optional<Layout> layout = {};
};

struct TransferOptions {
  std::chrono::milliseconds expires_in{60'000};  ///< At least 1 ms.
  std::optional<std::uint32_t> to_uid = {};      ///< Only this uid may claim it.
  std::optional<std::uint32_t> to_session = {};  ///< Only it; it is told by an event.
};

/// What borrows and freezes have in common. Destroyed, a token is detached and given back; that
/// never blocks. Move-only; threads: one at a time. An empty one (moved from, released,
/// transferred) answers `stale`, and in a forked child every call answers `forked`.
class Token {
 public:
  /// Whether it is one: not moved from, released or transferred.
  [[nodiscard]] explicit operator bool() const noexcept;
  /// The buffer's name; "" if empty.
  [[nodiscard]] std::string_view segment() const noexcept;
  [[nodiscard]] Region region() const noexcept;
  /// As `tenure tokens` shows it; 0 if empty.
  [[nodiscard]] std::uint64_t id() const noexcept;

  /// Unmaps the region. Errors: not_attached, stale, forked
  [[nodiscard]] Result<void> detach();
  /// Gives the access back to whoever lent it. On failure the token is as it was.
  ///
  /// Errors: attached      detach() first;  has_children  what was lent on has to come back
  ///         still_mapped  a borrow whose memory can still be written: by a forked child, say
  ///         stale, forked, broker_gone
  [[nodiscard]] Result<void> release();
  /// Turns the token into a ticket: a string that goes through any pipe, argument or message and
  /// that one process can claim, once. The token is empty from then on; unclaimed, it comes back by
  /// an event whose ticket this session alone can claim. On failure the token is as it was.
  ///
  /// Errors: as release();  bad_request  options
  [[nodiscard]] Result<std::string> transfer(TransferOptions options = {});

 protected:
  friend struct detail::TokenAccess;
  Token() noexcept;
  Token(Token&& other) noexcept;
  Token& operator=(Token&& other) noexcept;
  ~Token();

  std::unique_ptr<detail::TokenState> state_;
};

/// The right to read a region that nobody can write.
class Freeze : public Token {
 public:
  Freeze(Freeze&& other) noexcept = default;
  Freeze& operator=(Freeze&& other) noexcept = default;
  ~Freeze() = default;

  /// Maps the region read-only. The span is valid until detach(), or the token's end.
  ///
  /// Errors: attached   it is already;  held  its memory has to move first, and somebody has it
  ///         no_memory  it cannot be mapped here;  too_many, quota;  stale, forked, broker_gone
  [[nodiscard]] Result<std::span<const std::byte>> attach();
  /// Lends the same on to others. Errors: as Buffer::freeze()
  [[nodiscard]] Result<Freeze> freeze(Region region, TokenOptions options = {});

  /// The tensor in the attached region, by the layout that came with the token or by `layout`.
  ///
  /// Errors: not_attached;  not_found  no layout came with it;  bad_request  it does not fit
  [[nodiscard]] Result<TensorView> tensor() const;
  [[nodiscard]] Result<TensorView> tensor(const Layout& layout) const;
  /// tensor(), then as<T>().
  template <class T>
  [[nodiscard]] Result<std::span<const T>> span() const {
    auto found = tensor();
    if (!found) {
      return std::move(found).error();
    }
    return found->template as<T>();
  }

 private:
  friend struct detail::TokenAccess;
  Freeze() noexcept = default;
};

/// The right to write a region that nobody else can touch.
class Borrow : public Token {
 public:
  Borrow(Borrow&& other) noexcept = default;
  Borrow& operator=(Borrow&& other) noexcept = default;
  ~Borrow() = default;

  /// Maps the region for writing; what is lent on at the moment is left out (touching it ends in
  /// SIGSEGV), or read-only where it is frozen. Valid until detach(), or the token's end.
  ///
  /// Errors: as Freeze::attach();  poisoned  its last writer died half-way: acknowledge() first
  [[nodiscard]] Result<std::span<std::byte>> attach();

  /// As Freeze::tensor(), writable.
  [[nodiscard]] Result<TensorSpan> tensor() const;
  [[nodiscard]] Result<TensorSpan> tensor(const Layout& layout) const;
  template <class T>
  [[nodiscard]] Result<std::span<T>> span() const {
    auto found = tensor();
    if (!found) {
      return std::move(found).error();
    }
    return found->template as<T>();
  }

  /// Lends itself on in `parts` equal regions of whole pages; the first ones are a page longer
  /// where they cannot be equal. All or none.
  /// Errors: as borrow();  bad_request  no parts, or more than there are pages
  [[nodiscard]] Result<std::vector<Borrow>> split_even(std::size_t parts);
  /// Whether some of it was, when it was borrowed or came back, left half-written by a writer that
  /// died, and was not acknowledged since.
  [[nodiscard]] bool poisoned() const noexcept;
  /// What is there is accepted, or will be overwritten. Errors: stale, forked, broker_gone
  [[nodiscard]] Result<void> acknowledge();
  /// Waits until all is back that was lent on. If attached, it is then mapped whole again.
  /// Errors: held  kNoWait;  timed_out, cancelled;  poisoned  it is back: acknowledge(), then
  /// attach
  [[nodiscard]] Result<void> wait_returned(Timeout timeout = kForever);

  /// Lends on: this token loses all access to `region`, or (freeze) the right to write it, until it
  /// comes back. If attached, those pages are unmapped or mapped read-only first; a refusal
  /// restores them. Errors: as Buffer::borrow() and freeze()
  [[nodiscard]] Result<Borrow> borrow(Region region, TokenOptions options = {});
  [[nodiscard]] Result<Freeze> freeze(Region region, TokenOptions options = {});

 private:
  friend struct detail::TokenAccess;
  Borrow() noexcept = default;
};

/// A borrow or freeze that is being waited for. Destroyed, it is cancelled, and a token that is
/// granted all the same is given back. Move-only; threads: one at a time.
template <class T>
class Pending {
 public:
  Pending(Pending&& other) noexcept;
  Pending& operator=(Pending&& other) noexcept;
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending();

  /// Whether get() need not wait. Client::fd() says when to ask.
  [[nodiscard]] bool ready() const;
  /// Waits for the answer, and gives it once. Errors: as Buffer::borrow() and freeze();
  /// stale  it was given before
  [[nodiscard]] Result<T> get();
  /// get() then answers `cancelled`, or the token if that was quicker.
  void cancel() noexcept;

 private:
  friend struct detail::TokenAccess;
  explicit Pending(std::unique_ptr<detail::PendingState> state) noexcept;
  std::unique_ptr<detail::PendingState> state_;
};

}  // namespace tenure

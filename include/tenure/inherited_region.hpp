// SPDX-License-Identifier: Apache-2.0
/// A region for programs that know nothing of this library.
#pragma once

#include <memory>
#include <string>

#include <tenure/token.hpp>

namespace tenure {

namespace detail {
class InheritedRegionState;
}

/// The pages of a token as descriptors for a child process to inherit, in place of Token::attach():
///
///   auto region = InheritedRegion::attach(borrow);
///   if (pid_t child = fork(); child == 0) {
///     region->bequeath();
///     setenv("TENURE_REGION", region->text().c_str(), 1);
///     execlp(...);
///   }
///   region->close();
///   ...                   // Until the child has ended.
///   region->detach();
///   borrow.release();
///
/// The descriptors reach whole grains; those of a freeze cannot be written. What the token has lent
/// on is left out, or comes as a piece of its own where it is frozen. Move-only; threads: one at a
/// time.
class InheritedRegion {
 public:
  /// `token` stays with the caller, and cannot be released, transferred or attached before
  /// detach(). Errors: those of Borrow::attach() and Freeze::attach()
  [[nodiscard]] static Result<InheritedRegion> attach(const Token& token);
  InheritedRegion(InheritedRegion&& other) noexcept;
  InheritedRegion& operator=(InheritedRegion&& other) noexcept;
  /// Closes the descriptors. The token stays attached: it ends as that of a holder that died.
  ~InheritedRegion();

  /// "FD:FD_OFFSET:OFFSET:LENGTH" of each piece, joined by ";", in the order of their offsets in
  /// the buffer; all in bytes. "" if moved from.
  [[nodiscard]] std::string text() const;
  /// In the forked child, before it runs the program: lets it have the descriptors.
  /// Errors: bad_request  with errno: one is not open any more;  stale  moved from, or closed
  [[nodiscard]] Result<void> bequeath() const;
  /// Closes the descriptors of this process: only who inherited them has the pages then.
  void close() noexcept;
  /// The child has ended: closes the descriptors and tells the broker.
  /// Errors: stale  moved from, or the token was taken away;  not_attached  it was called before;
  ///         forked, broker_gone
  [[nodiscard]] Result<void> detach();

 private:
  explicit InheritedRegion(std::unique_ptr<detail::InheritedRegionState> state) noexcept;
  std::unique_ptr<detail::InheritedRegionState> state_;
};

}  // namespace tenure

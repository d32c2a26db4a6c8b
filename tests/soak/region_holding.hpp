// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/soak/region_ledger.hpp"
#include "tests/soak/region_worker.hpp"

namespace tenure::soak {

/// A token that is used by the rules, and the proof that nobody else breaks them: what it may touch
/// stands in the ledger, and is read again and again. Threads: one.
class Holding {
 public:
  Holding(RegionWorker& worker, std::uint32_t buffer, Borrow token);
  Holding(RegionWorker& worker, std::uint32_t buffer, Freeze token);
  Holding(const Holding&) = delete;
  Holding& operator=(const Holding&) = delete;
  ~Holding();  // Given back by the token's destructor.

  [[nodiscard]] std::uint32_t buffer() const noexcept { return buffer_; }
  /// As the broker numbers it; 0: it is over.
  [[nodiscard]] std::uint64_t id() const noexcept { return token().id(); }
  [[nodiscard]] bool is_borrow() const noexcept { return std::holds_alternative<Borrow>(token_); }
  [[nodiscard]] bool is_attached() const noexcept { return data_ != nullptr; }
  [[nodiscard]] const Pages& pages() const noexcept { return pages_; }

  void attach();
  void detach();
  /// What is attached is as it was left, now and a moment later; a borrow may write between.
  void use();
  /// Every page gets a new stamp.
  void write();

  [[nodiscard]] std::unique_ptr<Holding> lend_borrow(const Pages& pages,
                                                     const TokenOptions& options);
  [[nodiscard]] std::unique_ptr<Holding> lend_freeze(const Pages& pages,
                                                     const TokenOptions& options);
  [[nodiscard]] std::vector<std::unique_ptr<Holding>> split_even(std::size_t parts);
  /// Some of it may be lent on from now on, by Buffer's verbs. It is not attached.
  void note_lent(const Pages& pages);
  void wait_returned(Timeout timeout);

  /// Whether it is over.
  [[nodiscard]] bool release();
  /// The ticket, and it is over.
  [[nodiscard]] std::optional<std::string> transfer(const TransferOptions& options);
  /// In a forked child: what does not say `forked`; empty: nothing.
  [[nodiscard]] std::string find_fork_fault();

 private:
  template <class T>
  [[nodiscard]] std::unique_ptr<Holding> lend(const Pages& pages, const TokenOptions& options);
  [[nodiscard]] Region region_of(const Pages& pages) const noexcept;
  [[nodiscard]] bool is_lent(std::uint64_t page) const noexcept;
  [[nodiscard]] Token& token() noexcept;
  [[nodiscard]] const Token& token() const noexcept;
  [[nodiscard]] bool accept_poison(Borrow& borrow);
  void set_uses(const Pages& pages, Use use);
  void take_all_in_use(Use use);
  void check();
  [[nodiscard]] std::vector<PageText> read_all();
  void die_half_way(std::uint64_t page, std::uint64_t stamp);
  void expect_stale();

  RegionWorker& worker_;
  std::uint32_t buffer_;
  std::uint64_t number_;
  std::variant<Borrow, Freeze> token_;
  Pages pages_;
  std::vector<Use> uses_;         // Of each of them, by this token.
  std::vector<Pages> lent_ = {};  // Not known to have come back; of a borrow.
  bool has_lent_ = false;         // A freeze goes on reading what it lends.
  const std::byte* data_ = nullptr;
  std::byte* writable_ = nullptr;
};

}  // namespace tenure::soak

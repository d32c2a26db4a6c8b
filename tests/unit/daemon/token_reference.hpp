// SPDX-License-Identifier: Apache-2.0
/// The rules of borrowing and freezing once more, a byte for each page and no cleverness.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/core/tokens/token_table.hpp"

namespace tenure::core {

class TokenReference {
 public:
  static constexpr std::uint64_t kPages = 30;
  static constexpr std::uint64_t kGrainPages = 4;  // The last grain is shorter.

  enum class Access : std::uint8_t { none, read, write };
  struct Held {
    TokenMode mode = TokenMode::borrow;
    PageRange pages = {};
    std::uint64_t issuer = kBrokersShare;
    Holder holder = {};
    std::uint32_t depth = 0;
    bool is_attached = false;
    bool was_attached = false;
    bool is_orphan = false;
    std::optional<Ticket> ticket = {};
    std::array<Access, kPages> access = {};
  };

  TokenReference();

  /// What the table has to answer to a wish that stands behind the first `turn` that wait.
  enum class Verdict : std::uint8_t { bad_request, stale, too_many, held, poisoned, grant };
  [[nodiscard]] Verdict judge(const Lending& wish, std::size_t turn) const;
  /// Whether needs_grain is right, and whether it is at least excusable: part of a grain of which
  /// another uid has a token.
  [[nodiscard]] bool would_mix(const Lending& wish) const;
  [[nodiscard]] bool may_mix(const Lending& wish) const;
  void grant(const Lending& wish, const std::vector<std::uint64_t>& ids);
  /// Whoever waits and could have been decided by now; empty if nobody.
  [[nodiscard]] std::string overlooked() const;

  void give_back(std::uint64_t id);
  void move(std::uint64_t from, std::uint64_t to, const Holder& holder);
  /// The holder is gone; `stays`: as an orphan.
  void bury(std::uint64_t id, bool stays);
  /// Whether it may stay as an orphan.
  [[nodiscard]] bool may_stay(std::uint64_t id) const;
  [[nodiscard]] bool has_children(std::uint64_t id) const;
  [[nodiscard]] bool is_poisoned(const PageRange& pages) const;
  /// The first rule that the tokens break, or nothing.
  [[nodiscard]] std::string fault() const;

  std::map<std::uint64_t, Held> tokens;
  std::vector<Lending> waiting;  ///< In their turn.
  std::array<bool, kPages> poisoned = {};

 private:
  [[nodiscard]] std::string mixed_grain() const;
  void update_access(std::uint64_t id);
};

}  // namespace tenure::core

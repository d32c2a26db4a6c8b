// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include <tenure/buffer.hpp>

#include "daemon/core/tokens/shared_grains.hpp"
#include "daemon/core/tokens/token.hpp"

namespace tenure::core {

/// Whether anybody can write a grain's memory, by the kernel's word.
enum class GrainCheck : std::uint8_t { clean, written, unknown };

/// The memory behind a buffer's grains, to be asked.
class GrainMemory {
 public:
  virtual ~GrainMemory() = default;
  [[nodiscard]] virtual GrainCheck check(std::uint64_t grain) = 0;
};

/// Who was given write access to which grain, and whether the next one may be let in: into the same
/// memory, or into fresh memory that what came before cannot reach (DESIGN section 6, rules 9, 10).
///
/// A right that ends while others write the same grain cannot be checked: the grain is then
/// `unchecked`, and if a later check fails, nobody living is blamed for it. Threads: one.
class GrainLedger {
 public:
  GrainLedger(const GrainPlan& plan, Handover handover)
      : plan_(plan), handover_(handover), grains_(plan.count()) {}

  /// Before anything else.
  void set_memory(GrainMemory& memory) noexcept { memory_ = &memory; }

  /// The token was given `pages`.
  void attach(const Token& token, const PageRange& pages, bool is_writable);
  void detach(const Token& token);

  /// The right of a living holder to write `pages` ends. False: it can still write them, and the
  /// right stays its own.
  [[nodiscard]] bool end_writing(const Token& token, const PageRange& pages);
  /// The same where the holder is dead or is not asked.
  void abandon_writing(const Token& token, const PageRange& pages);

  /// Grains of `pages` that have to move before `uid` may have them.
  [[nodiscard]] std::vector<std::uint64_t> to_move(const PageRange& pages, std::uint32_t uid) const;
  /// Some token that has the grain attached, so that it cannot move.
  [[nodiscard]] std::optional<std::uint64_t> attached_to(std::uint64_t grain) const;
  /// What is left behind when a grain moves.
  struct Left {
    std::set<std::uint32_t> writers;  ///< Sessions that could write it.
    std::uint32_t writer_uid;         ///< The last one's: it pays for what it keeps.
  };
  [[nodiscard]] std::uint32_t writer_uid(std::uint64_t grain) const;
  [[nodiscard]] Left move(std::uint64_t grain);
  /// All sessions that could write any grain.
  [[nodiscard]] Left leave_all() const;

 private:
  struct Grain {
    std::set<std::uint32_t> writers =
        {};  // Sessions given write access since the last clean check.
    std::optional<std::uint32_t> writer_uid = {};  // The last one's, since the memory is fresh.
    std::set<std::uint64_t> writing = {};          // Tokens that have it attached for writing,
    std::set<std::uint64_t> reading = {};          // and others that have it attached.
    bool is_unchecked = false;
    bool must_move = false;
  };

  [[nodiscard]] bool is_alone(std::uint64_t grain,
                              const Token& token,
                              const PageRange& pages) const;
  [[nodiscard]] bool settle(std::uint64_t grain, bool may_refuse);
  void forget(const Token& token, const PageRange& pages);

  GrainPlan plan_;
  Handover handover_;
  GrainMemory* memory_ = nullptr;
  std::vector<Grain> grains_;
};

}  // namespace tenure::core

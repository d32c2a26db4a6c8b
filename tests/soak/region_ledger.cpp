// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/region_ledger.hpp"

namespace tenure::soak {
namespace {

constexpr std::uint32_t kLifeShift = 8;
constexpr std::uint32_t kUses = (1U << kLifeShift) - 1;
constexpr std::uint32_t kWriting = 0x80;
constexpr std::uint32_t kReaders = 0x7F;

std::string describe(std::uint64_t page, const std::string& who, std::uint32_t uses) {
  return "page " + std::to_string(page) + ": " + who +
         ((uses & kWriting) != 0 ? " writes" : " reads") + " it, too";
}

}  // namespace

RegionLedger::RegionLedger(Board& board, std::size_t worker)
    : board_(board),
      memory_(board.regions.ledger_fd, sizeof(LedgerPages)),
      ledger_(*static_cast<LedgerPages*>(memory_.data())),
      worker_(worker),
      life_(board.workers.at(worker).lives) {
}

std::string RegionLedger::raise(std::uint32_t buffer, const Pages& pages, Use use) {
  std::string conflict;
  for (std::uint64_t page = pages.begin; page < pages.end; ++page) {
    const std::uint32_t uses = own_uses(buffer, page);
    if (conflict.empty() && (use == Use::write ? uses != 0 : (uses & kWriting) != 0)) {
      conflict = describe(page, "this process", uses);
    }
    const std::uint32_t raised = use == Use::write ? uses | kWriting : uses + 1;
    // seq_cst: stored before the others' are read, here and there: one of the two sees both.
    own(buffer, page).store(life_ << kLifeShift | raised, std::memory_order_seq_cst);
  }
  for (std::uint64_t page = pages.begin; page < pages.end && conflict.empty(); ++page) {
    conflict = find_other(buffer, page, use);
  }
  return conflict;
}

void RegionLedger::lower(std::uint32_t buffer, const Pages& pages, Use use) noexcept {
  for (std::uint64_t page = pages.begin; page < pages.end; ++page) {
    const std::uint32_t uses = own_uses(buffer, page);
    const std::uint32_t lowered = use == Use::write        ? uses & ~kWriting
                                  : (uses & kReaders) != 0 ? uses - 1
                                                           : uses;
    own(buffer, page).store(life_ << kLifeShift | lowered, std::memory_order_seq_cst);
  }
}

// A life before this one had other pages.
std::uint32_t RegionLedger::own_uses(std::uint32_t buffer, std::uint64_t page) {
  const std::uint32_t claim = own(buffer, page).load(std::memory_order_relaxed);
  return claim >> kLifeShift == life_ ? claim & kUses : 0;
}

std::string RegionLedger::find_other(std::uint32_t buffer, std::uint64_t page, Use use) const {
  for (std::size_t other = 0; other < kMaxRegionWorkers; ++other) {
    const std::uint32_t claim =
        ledger_.claims[other].at(buffer).at(page).load(std::memory_order_seq_cst);
    const std::uint32_t uses = claim & kUses;
    const bool excludes = use == Use::write ? uses != 0 : (uses & kWriting) != 0;
    if (other == worker_ || !excludes) {
      continue;
    }
    // After the claim: it was counted as ended before its pages could be had.
    if (claim >> kLifeShift >
        board_.workers.at(other).ended_lives.load(std::memory_order_seq_cst)) {
      return describe(page, "worker " + std::to_string(other), uses);
    }
  }
  return {};
}

}  // namespace tenure::soak

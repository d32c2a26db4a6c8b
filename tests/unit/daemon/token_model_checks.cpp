// SPDX-License-Identifier: Apache-2.0
// What must hold after each operation.
#include <algorithm>
#include <iterator>
#include <utility>

#include "tests/unit/daemon/token_model.hpp"

namespace tenure::core {
namespace {

using Access = TokenReference::Access;

}  // namespace

void TokenModel::check_outcomes() {
  for (const TokenOutcome& outcome : table_.take_outcomes()) {
    const auto found = std::ranges::find(reference_.waiting, outcome.asker, &Lending::asker);
    ASSERT_NE(found, reference_.waiting.end()) << where();
    const Lending wish = *found;
    const bool is_first = std::none_of(reference_.waiting.begin(), found, [&](const auto& other) {
      return other.issuer == wish.issuer && !other.regions.empty() && conflicts(other, wish);
    });
    const auto turn = static_cast<std::size_t>(found - reference_.waiting.begin());
    reference_.waiting.erase(found);
    const auto* ids = std::get_if<std::vector<std::uint64_t>>(&outcome.result);
    if (ids == nullptr) {
      check_refused_later(wish, turn, std::get<Error>(outcome.result));
    } else if (!wish.regions.empty()) {
      EXPECT_TRUE(is_first) << where() << "out of turn";
      EXPECT_FALSE(reference_.would_mix(wish)) << where();
      reference_.grant(wish, *ids);
    }
  }
  EXPECT_EQ(reference_.overlooked(), "") << where();
}

bool TokenModel::conflicts(const Lending& a, const Lending& b) {
  return (a.mode == TokenMode::borrow || b.mode == TokenMode::borrow) &&
         std::ranges::any_of(a.regions, [&](const PageRange& one) {
           return std::ranges::any_of(b.regions,
                                      [&](const PageRange& other) { return one.overlaps(other); });
         });
}

void TokenModel::check_refused_later(const Lending& wish, std::size_t turn, const Error& error) {
  switch (error.code) {
    case Errc::cancelled:
      EXPECT_EQ(operation_, "cancel") << where();
      break;
    case Errc::timed_out:
      EXPECT_LE(wish.deadline, host_.time) << where();
      break;
    case Errc::stale:
      EXPECT_FALSE(reference_.tokens.contains(wish.issuer) &&
                   !reference_.tokens.at(wish.issuer).is_orphan)
          << where();
      break;
    case Errc::poisoned:
    case Errc::needs_grain:
    case Errc::still_mapped:
      check_refused(wish, reference_.judge(wish, turn), error);
      break;
    default:
      ADD_FAILURE() << where() << error.message();
  }
}

void TokenModel::check_state() {
  EXPECT_EQ(reference_.fault(), "") << where();
  ASSERT_EQ(table_.token_count(), reference_.tokens.size() - 1) << where();
  std::map<std::uint32_t, std::size_t> charged;
  for (const auto& [id, held] : reference_.tokens) {
    if (id == kBrokersShare) {
      continue;
    }
    const Token* token = table_.find_any(id);
    ASSERT_NE(token, nullptr) << where() << "token " << id;
    ASSERT_EQ(token->pages, held.pages) << where() << "token " << id;
    ASSERT_EQ(token->issuer, held.issuer) << where() << "token " << id;
    ASSERT_EQ(token->is_orphan, held.is_orphan) << where() << "token " << id;
    std::array<Access, TokenReference::kPages> access{};
    for (const auto& run : table_.accesses(*token, 0, TokenReference::kPages)) {
      for (std::uint64_t page = run.pages.begin; page < run.pages.end; ++page) {
        access.at(page) = run.is_writable ? Access::write : Access::read;
      }
    }
    ASSERT_EQ(access, held.access) << where() << "token " << id;
    ASSERT_EQ(table_.is_poisoned(*token), reference_.is_poisoned(held.pages)) << where();
    ++charged[held.holder.uid];
  }
  std::erase_if(host_.charged, [](const auto& entry) { return entry.second == 0; });
  EXPECT_EQ(host_.charged, charged) << where();
  EXPECT_EQ(host_.tokens.size(), reference_.tokens.size() - 1) << where();
}

void TokenModel::run_one() {
  host_.refusals = 0;
  const std::uint64_t chance = below(100);
  // clang-format off
  if (chance < 44) { lend(); }
  else if (chance < 54) { release(); }
  else if (chance < 63) { transfer(); }
  else if (chance < 75) { claim(); }
  else if (chance < 80) { attach(); }
  else if (chance < 86) { detach(); }
  else if (chance < 90) { acknowledge(); }
  else if (chance < 92) { wait_returned(); }
  else if (chance < 93) { cancel(); }
  else if (chance < 97) { pass_time(); }
  else if (chance < 99) { die(); }
  else { revoke(); }
  // clang-format on
}

std::string TokenModel::where() const {
  return operation_ + " (operation " + std::to_string(operations_) + "): ";
}

std::vector<std::uint64_t> TokenModel::all_tokens() const {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, held] : reference_.tokens) {
    if (id != kBrokersShare) {
      ids.push_back(id);
    }
  }
  return ids;
}

}  // namespace tenure::core

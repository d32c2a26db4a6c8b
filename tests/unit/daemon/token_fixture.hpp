// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/unit/daemon/token_fakes.hpp"

namespace tenure::core {

inline constexpr TokenMode kBorrow = TokenMode::borrow;
inline constexpr TokenMode kFreeze = TokenMode::freeze;

/// A buffer of 30 pages of 4096 bytes in grains of 4, the last one of 2, and short ways to talk to
/// its tokens. Time stands still but where a test says otherwise.
class TokenTest : public ::testing::Test {
 protected:
  using Tokens = std::vector<std::uint64_t>;

  Lending wish(const Holder& who,
               TokenMode mode,
               std::vector<PageRange> regions,
               std::uint64_t issuer = kBrokersShare) {
    return {.asker = {.session = who.session, .request = ++last_request},
            .uid = who.uid,
            .issuer = issuer,
            .mode = mode,
            .regions = std::move(regions)};
  }
  Tokens must_lend(const Lending& wish) {
    auto lent = table.lend(wish);
    EXPECT_TRUE(lent.has_value()) << lent.error().message();
    EXPECT_TRUE(!lent || lent->has_value()) << "it waits";
    return lent ? lent->value_or(Tokens{}) : Tokens{};
  }
  /// Returns 0 where it is refused.
  std::uint64_t must_borrow(const Holder& who, PageRange pages, std::uint64_t issuer = 0) {
    const Tokens lent = must_lend(wish(who, kBorrow, {pages}, issuer));
    return lent.empty() ? 0 : lent.front();
  }
  std::uint64_t must_freeze(const Holder& who, PageRange pages, std::uint64_t issuer = 0) {
    const Tokens lent = must_lend(wish(who, kFreeze, {pages}, issuer));
    return lent.empty() ? 0 : lent.front();
  }
  bool can_borrow(const Holder& who, PageRange pages) {
    return table.lend(wish(who, kBorrow, {pages})).has_value();
  }

  Asker must_wait(Lending wish, Time deadline = Time::max()) {
    const Asker asker = wish.asker;
    wish.deadline = deadline;
    const auto lent = table.lend(std::move(wish));
    EXPECT_TRUE(lent.has_value()) << lent.error().message();
    EXPECT_FALSE(lent && lent->has_value()) << "it does not wait";
    return asker;
  }
  /// How a request was decided that had to wait; nothing: it still does.
  const std::variant<Tokens, Error>* decision(const Asker& asker) {
    for (TokenOutcome& outcome : table.take_outcomes()) {
      decisions.insert_or_assign(outcome.asker, std::move(outcome.result));
    }
    const auto found = decisions.find(asker);
    return found == decisions.end() ? nullptr : &found->second;
  }
  bool is_waiting(const Asker& asker) { return decision(asker) == nullptr; }
  bool is_granted(const Asker& asker) {
    const auto* decided = decision(asker);
    return decided != nullptr && std::holds_alternative<Tokens>(*decided);
  }
  /// What a request got that had to wait; nothing: it still does, or was refused.
  Tokens granted(const Asker& asker) {
    EXPECT_TRUE(is_granted(asker));
    return is_granted(asker) ? std::get<Tokens>(*decision(asker)) : Tokens{};
  }
  /// Of a request that had to wait; code 0: it was not refused.
  Error refusal(const Asker& asker) {
    const auto* decided = decision(asker);
    const auto* error = decided == nullptr ? nullptr : std::get_if<Error>(decided);
    return error == nullptr ? Error{.code = Errc{0}, .detail = "not refused"} : *error;
  }
  /// Of any call; code 0: it was not refused.
  template <class T>
  static Error refusal(const Result<T>& result) {
    return result ? Error{.code = Errc{0}, .detail = "not refused"} : result.error();
  }

  void must_attach(std::uint64_t token, const Holder& who) {
    const auto attached = table.attach(token, who.session);
    EXPECT_TRUE(attached.has_value()) << attached.error().message();
  }
  void must_release(std::uint64_t token, const Holder& who) {
    const auto released = table.release(token, who.session);
    EXPECT_TRUE(released.has_value()) << released.error().message();
  }
  void must_send(std::uint64_t token, const Holder& from, Ticket ticket = {.text = "sesame"}) {
    const auto sent = table.transfer(token, from.session, std::move(ticket));
    EXPECT_TRUE(sent.has_value()) << sent.error().message();
  }
  Result<std::uint64_t> claim(std::uint64_t token,
                              const Holder& who,
                              std::optional<TokenMode> mode = std::nullopt) {
    return table.claim({.token = token, .ticket = "sesame", .holder = who, .mode = mode});
  }
  std::uint64_t must_claim(std::uint64_t token, const Holder& who) {
    const auto claimed = claim(token, who);
    EXPECT_TRUE(claimed.has_value()) << claimed.error().message();
    return claimed ? *claimed : 0;
  }
  std::uint64_t must_hand_over(std::uint64_t token, const Holder& from, const Holder& to) {
    must_send(token, from);
    return must_claim(token, to);
  }
  /// A token of `to` that a token of `from` lent.
  std::uint64_t must_lend_on(std::uint64_t issuer,
                             const Holder& from,
                             const Holder& to,
                             PageRange pages) {
    return must_hand_over(must_borrow(from, pages, issuer), from, to);
  }

  /// A token as it is now; one without pages where there is none of that number.
  Token held(std::uint64_t token) const {
    const Token* found = table.find_any(token);
    EXPECT_NE(found, nullptr) << "token " << token;
    return found == nullptr ? Token{} : *found;
  }
  bool is_poisoned(std::uint64_t token) const { return table.is_poisoned(held(token)); }
  void pass(Time duration) {
    host.time += duration;
    table.expire(host.time);
  }
  /// "[0,2) write, [2,4) read".
  std::string rights(std::uint64_t token, std::uint64_t from = 0, std::size_t at_most = 30) const {
    const Token* found = table.find_any(token);
    std::string text;
    for (const auto& [pages, is_writable] : found == nullptr
                                                ? std::vector<TokenTable::Access>{}
                                                : table.accesses(*found, from, at_most)) {
      text += (text.empty() ? "[" : ", [") + std::to_string(pages.begin) + "," +
              std::to_string(pages.end) + (is_writable ? ") write" : ") read");
    }
    return text;
  }

  const Holder ada{.session = 1, .uid = 1000};
  const Holder ben{.session = 2, .uid = 1000};
  const Holder dan{.session = 3, .uid = 1000};
  const Holder eve{.session = 4, .uid = 2000};  // Of another uid.
  const Holder fay{.session = 5, .uid = 2000};

  FakeHost host;
  TokenTable table{{.name = "pool", .plan = {.page_count = 30, .grain_pages = 4}}, host};
  std::map<Asker, std::variant<Tokens, Error>> decisions;
  std::uint64_t last_request = 0;
};

}  // namespace tenure::core

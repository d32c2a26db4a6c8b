// SPDX-License-Identifier: Apache-2.0
/// Random operations of eight sessions on a table of tokens, each compared with a reference that
/// has a byte for every page.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/seed.hpp"
#include "tests/unit/daemon/token_fakes.hpp"
#include "tests/unit/daemon/token_reference.hpp"

namespace tenure::core {

class TokenModel : public testing::Test {
 protected:
  using Verdict = TokenReference::Verdict;
  static constexpr std::size_t kSessions = 8;
  static constexpr std::uint32_t kUids = 2;

  explicit TokenModel(std::uint64_t seed = test::random_seed()) : random_(seed) {
    for (std::size_t i = 0; i < kSessions; ++i) {
      sessions_.push_back(new_session(static_cast<std::uint32_t>(i) % kUids));
    }
  }

  // ---- chances
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t many) { return below(many) == 0; }
  Holder new_session(std::uint32_t uid) { return {.session = ++last_session_, .uid = uid}; }
  const Holder& any_session() { return sessions_.at(below(kSessions)); }
  PageRange any_pages(const PageRange& within);
  // A token that is there, the broker's share, or one that is gone.
  std::uint64_t any_token();
  // Mostly its holder.
  std::uint32_t holder_of(std::uint64_t token);

  // ---- operations
  void lend();
  void check_lending(const Lending& wish);
  void check_refused(const Lending& wish, Verdict verdict, const Error& error);
  // What release and transfer have in common.
  std::optional<Errc> expected_end(std::uint64_t token, std::uint32_t session);
  bool check_end(const Result<void>& result, std::optional<Errc> expected);
  void release();
  void transfer();
  void claim();
  std::optional<Errc> expected_claim(const TokenTable::Claim& claim);
  void attach();
  void detach();
  void acknowledge();
  void wait_returned();
  void cancel();
  void pass_time();
  void die();
  void revoke();
  void bury(std::uint64_t token);

  // ---- after each
  // What waited is decided one by one, each as if it asked now, and nobody is forgotten.
  void check_outcomes();
  static bool conflicts(const Lending& a, const Lending& b);
  void check_refused_later(const Lending& wish, std::size_t turn, const Error& error);
  void check_state();
  void run_one();
  [[nodiscard]] std::string where() const;
  [[nodiscard]] std::vector<std::uint64_t> all_tokens() const;
  std::mt19937_64 random_;
  FakeHost host_;
  TokenTable table_{
      {.name = "pool",
       .plan = {.page_count = TokenReference::kPages, .grain_pages = TokenReference::kGrainPages}},
      host_};
  TokenReference reference_;
  std::vector<Holder> sessions_;
  std::uint32_t last_session_ = 0;
  std::uint64_t last_request_ = 1;
  std::string operation_;
  int operations_ = 0;
};

}  // namespace tenure::core

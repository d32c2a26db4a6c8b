// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "daemon/core/tokens/token_table.hpp"

namespace tenure::core {

/// A broker around one table of tokens: counts what is charged, and says which memory has a writer.
class FakeHost : public TokenHost {
 public:
  [[nodiscard]] Time now() const override { return time; }
  std::uint64_t add_token(const Holder& /*holder*/) override {
    tokens.insert(++last_token);
    return last_token;
  }
  void remove_token(std::uint64_t id, const Holder& /*holder*/) override { tokens.erase(id); }
  Result<void> charge_tokens(std::uint32_t uid, std::size_t count) override {
    if (charged[uid] + count > limit) {
      return Error{.code = Errc::quota, .count = limit, .detail = "tokens"};
    }
    charged[uid] += count;
    return {};
  }
  void return_tokens(std::uint32_t uid, std::size_t count) override { charged[uid] -= count; }
  [[nodiscard]] std::string name_of(std::uint32_t session) const override {
    return "worker (session " + std::to_string(session) + ", pid 1)";
  }
  void detach(const Token& token) override { detached.insert(token.id); }
  bool end_writing(const Token& /*holder*/, const PageRange& pages) override {
    const bool is_kept = mapped.overlaps(pages);
    refusals += is_kept ? 1 : 0;
    return !is_kept;
  }
  void abandon_writing(const Token& holder, const PageRange& pages) override {
    abandoned.emplace_back(holder.id, pages);
  }

  Time time{1};
  std::size_t limit = 1000;
  PageRange mapped{};  ///< Pages whose holder keeps a writable map.
  std::size_t refusals = 0;
  std::uint64_t last_token = 0;
  std::set<std::uint64_t> tokens;
  std::set<std::uint64_t> detached;
  std::map<std::uint32_t, std::size_t> charged;
  std::vector<std::pair<std::uint64_t, PageRange>> abandoned;
};

}  // namespace tenure::core

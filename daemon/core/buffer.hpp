// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "daemon/core/buffer_shape.hpp"
#include "daemon/core/tokens/grain_ledger.hpp"
#include "daemon/core/tokens/token_table.hpp"

namespace tenure::core {

/// The books that all buffers share: numbers, accounts, names, the clock.
class TokenBooks {
 public:
  virtual ~TokenBooks() = default;
  [[nodiscard]] virtual Time now() const = 0;
  virtual std::uint64_t add_token(std::uint64_t segment, const Holder& holder) = 0;
  virtual void remove_token(std::uint64_t id, const Holder& holder) = 0;
  virtual Result<void> charge_tokens(std::uint32_t uid, std::size_t count) = 0;
  virtual void return_tokens(std::uint32_t uid, std::size_t count) = 0;
  [[nodiscard]] virtual std::string name_of(std::uint32_t session) const = 0;
};

/// A segment of kind buffer, but for its memory: tokens, and what they mean for grains.
class Buffer : private TokenHost {
 public:
  Buffer(std::uint64_t segment,
         std::string name,
         const BufferOptions& options,
         const BufferShape& shape,
         std::uint32_t page_bytes,
         TokenBooks& books);

  [[nodiscard]] const BufferOptions& options() const noexcept { return options_; }
  [[nodiscard]] const BufferShape& shape() const noexcept { return shape_; }
  [[nodiscard]] const GrainPlan& plan() const noexcept { return plan_; }
  [[nodiscard]] std::uint32_t page_bytes() const noexcept { return page_bytes_; }

  TokenTable& tokens() noexcept { return tokens_; }
  [[nodiscard]] const TokenTable& tokens() const noexcept { return tokens_; }
  GrainLedger& grains() noexcept { return grains_; }
  [[nodiscard]] const GrainLedger& grains() const noexcept { return grains_; }

  /// In pages. Errors: bad_request  not whole pages, empty, reversed, beyond the end
  [[nodiscard]] Result<PageRange> pages_of(const Region& region) const;
  [[nodiscard]] Region region_of(const PageRange& pages) const noexcept;

 private:
  [[nodiscard]] Time now() const override { return books_.now(); }
  std::uint64_t add_token(const Holder& holder) override {
    return books_.add_token(segment_, holder);
  }
  void remove_token(std::uint64_t id, const Holder& holder) override {
    books_.remove_token(id, holder);
  }
  Result<void> charge_tokens(std::uint32_t uid, std::size_t count) override {
    return books_.charge_tokens(uid, count);
  }
  void return_tokens(std::uint32_t uid, std::size_t count) override {
    books_.return_tokens(uid, count);
  }
  [[nodiscard]] std::string name_of(std::uint32_t session) const override {
    return books_.name_of(session);
  }
  void detach(const Token& token) override { grains_.detach(token); }
  [[nodiscard]] bool end_writing(const Token& holder, const PageRange& pages) override {
    return grains_.end_writing(holder, pages);
  }
  void abandon_writing(const Token& holder, const PageRange& pages) override {
    grains_.abandon_writing(holder, pages);
  }

  const std::uint64_t segment_;
  const BufferOptions options_;  // As created, the group filled in.
  const BufferShape shape_;
  const std::uint32_t page_bytes_;
  const GrainPlan plan_;
  TokenBooks& books_;
  GrainLedger grains_;
  TokenTable tokens_;
};

}  // namespace tenure::core

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "daemon/core/tokens/token.hpp"

namespace tenure::core {

/// What a table of tokens needs of the broker around it. Called by the table's own calls only.
class TokenHost {
 public:
  virtual ~TokenHost() = default;

  [[nodiscard]] virtual Time now() const = 0;
  /// A number that no token ever had; from now on it belongs to a token of this table.
  virtual std::uint64_t add_token(const Holder& holder) = 0;
  virtual void remove_token(std::uint64_t id, const Holder& holder) = 0;
  /// Errors: quota  the uid has as many tokens as it may have
  virtual Result<void> charge_tokens(std::uint32_t uid, std::size_t count) = 0;
  virtual void return_tokens(std::uint32_t uid, std::size_t count) = 0;
  /// "trainer (session 7, pid 4711)", for messages.
  [[nodiscard]] virtual std::string name_of(std::uint32_t session) const = 0;

  /// The token has no memory mapped any more.
  virtual void detach(const Token& token) = 0;
  /// The right to write `pages`, which `holder` had, ends: is anybody else to be let in? A living
  /// holder is refused when its memory still has a writer; that of a dead one is fenced.
  [[nodiscard]] virtual bool end_writing(const Token& holder, const PageRange& pages) = 0;
  virtual void abandon_writing(const Token& holder, const PageRange& pages) = 0;
};

}  // namespace tenure::core

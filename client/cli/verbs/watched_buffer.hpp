// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include <tenure/client.hpp>

namespace tenure::cli {

/// What `watch` has seen happen to a token.
struct TokenChange {
  enum class What : std::uint8_t { granted, attached, detached, sent, unclaimed, poisoned, gone };
  What what = What::granted;
  const TokenInfo* token = nullptr;  ///< Valid during the call.
};

[[nodiscard]] std::string_view name_of(TokenChange::What what) noexcept;

/// A buffer that is watched by comparing what it was with what it is: what comes and goes between
/// two looks is not seen. Threads: one at a time.
class WatchedBuffer {
 public:
  using See = std::function<void(const TokenChange&)>;

  /// Errors: those of Client::tokens()
  [[nodiscard]] static Result<WatchedBuffer> open(Client& client, std::string name);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Calls `see` for what has changed, at most `limit` times. Returns how often.
  /// Errors: those of Client::tokens(), not_found among them: it was removed
  [[nodiscard]] Result<std::uint64_t> look(std::uint64_t limit, const See& see);

 private:
  explicit WatchedBuffer(Client& client, std::string name)
      : client_(&client), name_(std::move(name)) {}

  Client* client_;
  std::string name_;
  std::map<std::uint64_t, TokenInfo> tokens_ = {};  // As seen last.
};

}  // namespace tenure::cli

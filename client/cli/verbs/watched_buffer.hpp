// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tenure/client.hpp>

namespace tenure::cli {

/// What `watch` has seen happen in a buffer.
struct BufferChange {
  enum class What : std::uint8_t { granted, attached, detached, sent, unclaimed, gone, poisoned };
  What what = What::granted;
  Region region = {};
  const TokenInfo* token = nullptr;  ///< None: poisoned. Valid during the call.
};

[[nodiscard]] std::string_view name_of(BufferChange::What what) noexcept;

/// A buffer that is watched by comparing what it was with what it is: what comes and goes between
/// two looks is not seen. Threads: one at a time.
class WatchedBuffer {
 public:
  using Change = BufferChange;
  using See = std::function<void(const BufferChange&)>;

  /// Errors: those of Client::tokens()
  [[nodiscard]] static Result<WatchedBuffer> open(Client& client, std::string name);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Calls `see` for what has changed, at most `limit` times. Returns how often.
  /// Errors: those of Client::tokens(), not_found among them: it was removed
  [[nodiscard]] Result<std::uint64_t> look(std::uint64_t limit, const See& see);

 private:
  using Tokens = std::map<std::uint64_t, TokenInfo>;

  WatchedBuffer(Client& client, std::string name) : client_(&client), name_(std::move(name)) {}
  void compare(const Tokens& now, const See& tell) const;
  void compare(const std::vector<Region>& poisoned, const See& tell) const;

  Client* client_;
  std::string name_;
  Tokens tokens_ = {};  // As seen last.
  std::vector<Region> poisoned_ = {};
};

}  // namespace tenure::cli

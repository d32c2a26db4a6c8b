// SPDX-License-Identifier: Apache-2.0
#include "client/cli/verbs/watched_buffer.hpp"

#include <optional>
#include <utility>

namespace tenure::cli {
namespace {

using What = TokenChange::What;

std::optional<What> change_of(const TokenInfo& before, const TokenInfo& now) {
  if (now.state != before.state || now.expires_in.has_value() != before.expires_in.has_value()) {
    switch (now.state) {
      case TokenInfo::State::attached:
        return What::attached;
      case TokenInfo::State::held:
        return What::detached;
      case TokenInfo::State::ticket:
        return now.expires_in ? What::sent : What::unclaimed;
      case TokenInfo::State::orphaned:
        return What::gone;
    }
  }
  return now.is_poisoned && !before.is_poisoned ? std::optional(What::poisoned) : std::nullopt;
}

}  // namespace

std::string_view name_of(What what) noexcept {
  switch (what) {
    case What::granted:
      return "granted";
    case What::attached:
      return "attached";
    case What::detached:
      return "detached";
    case What::sent:
      return "sent";
    case What::unclaimed:
      return "unclaimed";
    case What::poisoned:
      return "poisoned";
    case What::gone:
      return "gone";
  }
  return "unknown";
}

Result<WatchedBuffer> WatchedBuffer::open(Client& client, std::string name) {
  WatchedBuffer watched(client, std::move(name));
  auto report = client.tokens(watched.name_);
  if (!report) {
    return std::move(report).error();
  }
  for (TokenInfo& token : report->tokens) {
    watched.tokens_.emplace(token.id, std::move(token));
  }
  return watched;
}

Result<std::uint64_t> WatchedBuffer::look(std::uint64_t limit, const See& see) {
  auto report = client_->tokens(name_);
  if (!report) {
    return std::move(report).error();
  }
  std::uint64_t seen = 0;
  const auto tell = [&](What what, const TokenInfo& token) {
    if (seen < limit) {
      see({.what = what, .token = &token});
      ++seen;
    }
  };
  std::map<std::uint64_t, TokenInfo> now;
  for (TokenInfo& token : report->tokens) {
    now.emplace(token.id, std::move(token));
  }
  for (const auto& [id, token] : tokens_) {
    if (!now.contains(id)) {
      tell(What::gone, token);
    }
  }
  for (const auto& [id, token] : now) {
    const auto before = tokens_.find(id);
    if (before == tokens_.end()) {
      tell(What::granted, token);
      if (token.state == TokenInfo::State::attached) {
        tell(What::attached, token);
      }
    } else if (const auto what = change_of(before->second, token)) {
      tell(*what, token);
    }
  }
  tokens_ = std::move(now);
  return seen;
}

}  // namespace tenure::cli

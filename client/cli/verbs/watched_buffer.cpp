// SPDX-License-Identifier: Apache-2.0
#include "client/cli/verbs/watched_buffer.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace tenure::cli {
namespace {

using What = BufferChange::What;

std::optional<What> change_of(const TokenInfo& before, const TokenInfo& now) {
  if (now.state == before.state && now.expires_in.has_value() == before.expires_in.has_value()) {
    return std::nullopt;
  }
  switch (now.state) {
    case TokenInfo::State::attached:
      return What::attached;
    case TokenInfo::State::held:
      return What::detached;
    case TokenInfo::State::ticket:
      return now.expires_in ? What::sent : What::unclaimed;
    case TokenInfo::State::orphaned:
      break;
  }
  return What::gone;
}

// Whether one of the regions, which are in order, has all of `region`.
bool contains(const std::vector<Region>& regions, const Region& region) {
  const auto next = std::ranges::upper_bound(regions, region.begin_bytes, {}, &Region::begin_bytes);
  return next != regions.begin() && region.end_bytes <= std::prev(next)->end_bytes;
}

std::map<std::uint64_t, TokenInfo> by_id(std::vector<TokenInfo> tokens) {
  std::map<std::uint64_t, TokenInfo> found;
  for (TokenInfo& token : tokens) {
    found.emplace(token.id, std::move(token));
  }
  return found;
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
    case What::gone:
      return "gone";
    case What::poisoned:
      return "poisoned";
  }
  return "unknown";
}

Result<WatchedBuffer> WatchedBuffer::open(Client& client, std::string name) {
  auto report = client.tokens(name);
  if (!report) {
    return std::move(report).error();
  }
  WatchedBuffer watched(client, std::move(name));
  watched.tokens_ = by_id(std::move(report->tokens));
  watched.poisoned_ = std::move(report->poisoned);
  return watched;
}

Result<std::uint64_t> WatchedBuffer::look(std::uint64_t limit, const See& see) {
  auto report = client_->tokens(name_);
  if (!report) {
    return std::move(report).error();
  }
  std::uint64_t seen = 0;
  const See tell = [&](const BufferChange& change) {
    if (seen < limit) {
      see(change);
      ++seen;
    }
  };
  Tokens now = by_id(std::move(report->tokens));
  compare(now, tell);
  compare(report->poisoned, tell);
  tokens_ = std::move(now);
  poisoned_ = std::move(report->poisoned);
  return seen;
}

void WatchedBuffer::compare(const Tokens& now, const See& tell) const {
  const auto say = [&](What what, const TokenInfo& token) {
    tell({.what = what, .region = token.region, .token = &token});
  };
  for (const auto& [id, token] : tokens_) {
    if (!now.contains(id)) {
      say(What::gone, token);
    }
  }
  for (const auto& [id, token] : now) {
    const auto before = tokens_.find(id);
    if (before != tokens_.end()) {
      if (const auto what = change_of(before->second, token)) {
        say(*what, token);
      }
      continue;
    }
    say(What::granted, token);
    if (token.state == TokenInfo::State::attached) {
      say(What::attached, token);
    }
  }
}

// What grew is told as a whole.
void WatchedBuffer::compare(const std::vector<Region>& poisoned, const See& tell) const {
  for (const Region& region : poisoned) {
    if (!contains(poisoned_, region)) {
      tell({.what = What::poisoned, .region = region});
    }
  }
}

}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
#include "client/cli/tokens/token_map.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

namespace tenure::cli {
namespace {

constexpr std::size_t kMostHolders = 8;

using Depths = std::map<std::uint64_t, std::size_t>;  // Of tokens, by id.

// An issuer stands before what it has lent.
Depths depths_of(const TokenReport& report) {
  Depths depths;
  for (const TokenInfo& token : report.tokens) {
    const auto issuer = depths.find(token.issuer);
    depths[token.id] = issuer == depths.end() ? 1 : issuer->second + 1;
  }
  return depths;
}

// Who freezes some bytes: each session once, however many tokens it has there.
class Readers {
 public:
  void enter(const TokenInfo& token) {
    if (++sessions_[token.holder.session].tokens == 1) {
      sessions_[token.holder.session].peer = &token.holder;
      set_ += mixed(token.holder.session);
    }
  }
  void leave(const TokenInfo& token) {
    const auto found = sessions_.find(token.holder.session);
    if (--found->second.tokens == 0) {
      set_ -= mixed(found->first);
      sessions_.erase(found);
    }
  }
  [[nodiscard]] bool is_empty() const noexcept { return sessions_.empty(); }
  void describe(MapPiece& piece) const {
    piece.holder_count = sessions_.size();
    piece.holder_set = set_;
    for (auto next = sessions_.begin();
         next != sessions_.end() && piece.holders.size() < kMostHolders;
         ++next) {
      piece.holders.push_back(*next->second.peer);
    }
  }

 private:
  struct Session {
    std::size_t tokens = 0;
    const Peer* peer = nullptr;
  };
  // Spreads a number over 64 bits, so that sums tell sets apart (splitmix64's finish, S. Vigna).
  static std::uint64_t mixed(std::uint64_t number) noexcept {
    number = (number + 1) * 0x9e3779b97f4a7c15U;
    number = (number ^ (number >> 30U)) * 0xbf58476d1ce4e5b9U;
    number = (number ^ (number >> 27U)) * 0x94d049bb133111ebU;
    return number ^ (number >> 31U);
  }

  std::map<std::uint32_t, Session> sessions_;
  std::uint64_t set_ = 0;
};

// The tokens that have some bytes: of borrows, the one lent on last counts.
class Holders {
 public:
  explicit Holders(const TokenReport& report) : depths_(depths_of(report)) {
    for (const TokenInfo& token : report.tokens) {
      issuers_.insert(token.issuer);
    }
  }

  void enter(const TokenInfo& token) {
    if (token.mode == TokenMode::borrow) {
      borrows_.insert(key(token));
    } else {
      readers_.enter(token);
      ++uses_[use_of(token)];
    }
  }
  void leave(const TokenInfo& token) {
    if (token.mode == TokenMode::borrow) {
      borrows_.erase(key(token));
    } else {
      readers_.leave(token);
      if (const auto use = uses_.find(use_of(token)); --use->second == 0) {
        uses_.erase(use);
      }
    }
  }

  void describe(MapPiece& piece) const {
    if (!readers_.is_empty()) {
      readers_.describe(piece);
      piece.use = uses_.rbegin()->first;
    } else if (!borrows_.empty()) {
      const TokenInfo& deepest = *std::get<2>(*borrows_.rbegin());
      piece.holders.push_back(deepest.holder);
      piece.holder_count = 1;
      piece.holder_set = deepest.holder.session;
      piece.use = use_of(deepest);
    }
  }

 private:
  using Key = std::tuple<std::size_t, std::uint64_t, const TokenInfo*>;

  Key key(const TokenInfo& token) const { return {depths_.at(token.id), token.id, &token}; }
  Use use_of(const TokenInfo& token) const {
    if (token.state == TokenInfo::State::ticket) {
      return Use::ticket;
    }
    const bool only_lends = token.state != TokenInfo::State::attached &&
                            token.mode == TokenMode::borrow && issuers_.contains(token.id);
    if (only_lends || token.state == TokenInfo::State::orphaned) {
      return Use::kept;
    }
    return token.mode == TokenMode::borrow ? Use::borrowed : Use::frozen;
  }

  Depths depths_;
  std::set<std::uint64_t> issuers_;
  std::set<Key> borrows_;
  Readers readers_;
  std::map<Use, std::size_t> uses_;  // Of freezes: how many.
};

// What begins and ends at an offset.
struct Edge {
  std::vector<const TokenInfo*> ending = {};
  std::vector<const TokenInfo*> beginning = {};
  int poison = 0;  // Begins (+1) or ends (-1) here.
};

std::map<std::uint64_t, Edge> edges_of(const TokenReport& report, std::uint64_t size_bytes) {
  std::map<std::uint64_t, Edge> edges{{0, {}}, {size_bytes, {}}};
  for (const TokenInfo& token : report.tokens) {
    edges[token.region.begin_bytes].beginning.push_back(&token);
    edges[token.region.end_bytes].ending.push_back(&token);
  }
  for (const Region& region : report.poisoned) {
    ++edges[region.begin_bytes].poison;
    --edges[region.end_bytes].poison;
  }
  return edges;
}

bool is_alike(const MapPiece& a, const MapPiece& b) {
  return a.use == b.use && a.is_poisoned == b.is_poisoned && a.holder_set == b.holder_set &&
         a.holder_count == b.holder_count;
}

}  // namespace

std::string name_of(Use use) {
  switch (use) {
    case Use::free:
      return "free";
    case Use::kept:
      return "kept";
    case Use::frozen:
      return "frozen";
    case Use::ticket:
      return "ticket";
    case Use::borrowed:
      return "borrowed";
    case Use::poisoned:
      return "poisoned";
  }
  return "unknown";
}

std::vector<MapPiece> lay_out(const TokenReport& report, std::uint64_t size_bytes) {
  const auto edges = edges_of(report, size_bytes);
  std::vector<MapPiece> pieces;
  Holders holders(report);
  int poison = 0;
  for (auto edge = edges.begin(); std::next(edge) != edges.end(); ++edge) {
    for (const TokenInfo* token : edge->second.ending) {
      holders.leave(*token);
    }
    for (const TokenInfo* token : edge->second.beginning) {
      holders.enter(*token);
    }
    poison += edge->second.poison;
    MapPiece piece{.region = {edge->first, std::next(edge)->first}, .is_poisoned = poison > 0};
    holders.describe(piece);
    if (!pieces.empty() && is_alike(pieces.back(), piece)) {
      pieces.back().region.end_bytes = piece.region.end_bytes;
    } else {
      pieces.push_back(std::move(piece));
    }
  }
  return pieces;
}

}  // namespace tenure::cli

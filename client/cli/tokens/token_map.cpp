// SPDX-License-Identifier: Apache-2.0
#include "client/cli/tokens/token_map.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "client/cli/text/regions.hpp"

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

struct Sign {
  const char* text;
  const char* colour;
};

Sign sign_of(Use use) {
  switch (use) {
    case Use::free:
      return {.text = "─", .colour = "2"};
    case Use::kept:
      return {.text = "·", .colour = "2"};
    case Use::frozen:
      return {.text = "▒", .colour = "36"};
    case Use::ticket:
      return {.text = "░", .colour = "35"};
    case Use::borrowed:
      return {.text = "█", .colour = "33"};
    case Use::poisoned:
      return {.text = "╳", .colour = "1;31"};
  }
  return {.text = "?", .colour = ""};
}

Use shown_use(const MapPiece& piece) {
  return piece.is_poisoned ? Use::poisoned : piece.use;
}

constexpr std::size_t kCellsPerLabel = 8;

// "0       32M     64M": where every eighth cell begins.
std::string ruler(std::uint64_t size_bytes, std::size_t cells) {
  std::string line;
  for (std::size_t cell = 0; cell <= cells; cell += kCellsPerLabel) {
    std::string label = format_size(size_bytes / cells * cell + size_bytes % cells * cell / cells);
    if (label.size() >= kCellsPerLabel) {
      label.clear();  // The next one that fits will do.
    }
    line += label;
    if (cell < cells) {
      line.append(kCellsPerLabel - label.size(), ' ');
    }
  }
  return line;
}

// What each cell shows.
std::vector<Use> cells_of(const std::vector<MapPiece>& pieces, std::size_t cells) {
  std::vector<Use> uses(cells, Use::free);
  const std::uint64_t size_bytes = pieces.back().region.end_bytes;
  const auto cell_at = [&](std::uint64_t offset) {
    __extension__ using Wide =
        unsigned __int128;  // A size times the cells may not fit into 64 bits.
    return static_cast<std::size_t>(Wide{offset} * cells / size_bytes);
  };
  for (const MapPiece& piece : pieces) {
    const std::size_t last = std::min(cell_at(piece.region.end_bytes - 1), cells - 1);
    for (std::size_t cell = cell_at(piece.region.begin_bytes); cell <= last; ++cell) {
      uses[cell] = std::max(uses[cell], shown_use(piece));
    }
  }
  return uses;
}

std::string picture(const std::vector<Use>& uses, const Style& style) {
  std::string line;
  for (std::size_t begin = 0; begin < uses.size();) {
    std::string run;
    std::size_t end = begin;
    for (; end < uses.size() && uses[end] == uses[begin]; ++end) {
      run += sign_of(uses[begin]).text;
    }
    line += style.paint(sign_of(uses[begin]).colour, run);
    begin = end;
  }
  return line;
}

// "worker, trainer +3": a few names, each once, in the order of their first bytes.
std::string names(const std::vector<MapPiece>& pieces, Use use) {
  constexpr std::size_t kMostNames = 6;
  std::set<std::string> known;
  std::string text;
  for (const MapPiece& piece : pieces) {
    for (const Peer& peer : piece.holders) {
      std::string name = printable(peer.name.empty() ? "?" : peer.name);
      if (shown_use(piece) == use && known.insert(name).second && known.size() <= kMostNames) {
        text += (text.empty() ? "" : ", ") + name;
      }
    }
  }
  return known.size() > kMostNames ? text + " +" + std::to_string(known.size() - kMostNames) : text;
}

std::string words_for(Use use, const std::string& who) {
  switch (use) {
    case Use::frozen:
    case Use::borrowed:
      return name_of(use) + ": " + who;
    case Use::ticket:
      return "in a ticket";
    case Use::kept:
      return who;
    case Use::free:
    case Use::poisoned:
      return name_of(use);
  }
  return "";
}

std::string legend(const std::vector<MapPiece>& pieces, const Style& style) {
  constexpr std::array kOrder{
      Use::frozen, Use::borrowed, Use::ticket, Use::kept, Use::poisoned, Use::free};
  std::string line;
  for (const Use use : kOrder) {
    if (std::ranges::find(pieces, use, shown_use) != pieces.end()) {
      line += (line.empty() ? "" : "   ") + style.paint(sign_of(use).colour, sign_of(use).text) +
              " " + words_for(use, names(pieces, use));
    }
  }
  return line;
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

std::string draw_map(const std::vector<MapPiece>& pieces, std::size_t cells, const Style& style) {
  return ruler(pieces.back().region.end_bytes, cells) + "\n" +
         picture(cells_of(pieces, cells), style) + "\n" + legend(pieces, style) + "\n";
}

}  // namespace tenure::cli

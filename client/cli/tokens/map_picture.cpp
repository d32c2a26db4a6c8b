// SPDX-License-Identifier: Apache-2.0
#include "client/cli/tokens/map_picture.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

#include "client/cli/text/regions.hpp"

namespace tenure::cli {
namespace {

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

std::string draw_map(const std::vector<MapPiece>& pieces, std::size_t cells, const Style& style) {
  return ruler(pieces.back().region.end_bytes, cells) + "\n" +
         picture(cells_of(pieces, cells), style) + "\n" + legend(pieces, style) + "\n";
}

}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/tokens/map_picture.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

constexpr std::size_t kCells = 64;
constexpr std::size_t kMostCells = 128;

// As wide as the terminal, but for the last label of the ruler.
std::size_t cells_for(const Style& style) {
  if (style.columns == 0) {
    return kCells;
  }
  const std::size_t labels = std::min(style.columns, kMostCells + kCellsPerLabel) / kCellsPerLabel;
  return std::max<std::size_t>(labels, 2) * kCellsPerLabel - kCellsPerLabel;
}

nlohmann::json piece_json(const MapPiece& piece) {
  nlohmann::json out = {{"begin", piece.region.begin_bytes},
                        {"end", piece.region.end_bytes},
                        {"use", name_of(piece.use)},
                        {"poisoned", piece.is_poisoned},
                        {"holder_count", piece.holder_count},
                        {"holders", nlohmann::json::array()}};
  for (const Peer& peer : piece.holders) {
    out["holders"].push_back(to_json(peer));
  }
  return out;
}

}  // namespace

int run_verb(const Context& context, const MapOptions& options) {
  Client client = context.connect();
  context.await_name(client, options.name);
  const SegmentInfo info = need_segment(client, options.name, client.inspect(options.name));
  const TokenReport report = need_segment(client, options.name, client.tokens(options.name));
  const std::vector<MapPiece> pieces = lay_out(report, info.size_bytes);
  if (!context.wants_json()) {
    context.print(draw_map(pieces, cells_for(context.style()), context.style()));
    return 0;
  }
  nlohmann::json out = {{"name", info.name},
                        {"size_bytes", info.size_bytes},
                        {"grain_bytes", info.grain_bytes},
                        {"pieces", nlohmann::json::array()}};
  for (const MapPiece& piece : pieces) {
    out["pieces"].push_back(piece_json(piece));
  }
  context.print_json(out);
  return 0;
}

}  // namespace tenure::cli

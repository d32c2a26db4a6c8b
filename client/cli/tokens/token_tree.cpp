// SPDX-License-Identifier: Apache-2.0
#include "client/cli/tokens/token_tree.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>

#include "client/cli/text/table.hpp"
#include "client/cli/text/units.hpp"

namespace tenure::cli {
namespace {

constexpr std::uint64_t kBroker = 0;
using Children = std::map<std::uint64_t, std::vector<const TokenInfo*>>;  // By issuer.

Children children_of(std::span<const TokenInfo> tokens) {
  std::set<std::uint64_t> known;
  for (const TokenInfo& token : tokens) {
    known.insert(token.id);
  }
  Children children;
  for (const TokenInfo& token : tokens) {
    children[known.contains(token.issuer) ? token.issuer : kBroker].push_back(&token);
  }
  for (auto& [issuer, lent] : children) {
    std::ranges::sort(lent, [](const TokenInfo* a, const TokenInfo* b) {
      return std::tie(a->region.begin_bytes, a->id) < std::tie(b->region.begin_bytes, b->id);
    });
  }
  return children;
}

// Depth is at most 16: the broker sees to it.
void add_branch(const Children& children,
                std::uint64_t issuer,
                const std::string& indent,
                std::vector<TokenLeaf>& leaves) {
  const auto found = children.find(issuer);
  if (found == children.end()) {
    return;
  }
  for (const TokenInfo* token : found->second) {
    const bool is_last = token == found->second.back();
    const std::string knot = issuer == kBroker ? "" : is_last ? "└─ " : "├─ ";
    const std::string below = issuer == kBroker ? "" : is_last ? "   " : "│  ";
    leaves.push_back(
        {.token = token, .branch = indent + knot, .has_children = children.contains(token->id)});
    add_branch(children, token->id, indent + below, leaves);
  }
}

std::string ticket_state(const TokenInfo& token) {
  return token.expires_in ? "ticket, " + format_age(*token.expires_in) + " left"
                          : "ticket, came back unclaimed";
}

}  // namespace

std::vector<TokenLeaf> grow_tree(std::span<const TokenInfo> tokens) {
  std::vector<TokenLeaf> leaves;
  leaves.reserve(tokens.size());
  add_branch(children_of(tokens), kBroker, "", leaves);
  return leaves;
}

std::string describe_state(const TokenLeaf& leaf) {
  std::string state;
  switch (leaf.token->state) {
    case TokenInfo::State::held:
      state = leaf.has_children ? "lent on" : "held";
      break;
    case TokenInfo::State::attached:
      state = leaf.has_children ? "attached, lent on" : "attached";
      break;
    case TokenInfo::State::ticket:
      state = ticket_state(*leaf.token);
      break;
    case TokenInfo::State::orphaned:
      state = "left by the dead";
      break;
  }
  return leaf.token->is_poisoned ? state + ", poisoned" : state;
}

std::string describe_holder(const Peer& peer) {
  return printable(peer.name.empty() ? "?" : peer.name) + " (" + std::to_string(peer.session) +
         ", pid " + std::to_string(peer.pid) + ")";
}

}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
// Lending: what is asked for is checked, compared with what others have, and granted.
#include "daemon/core/tokens/token_table.hpp"

#include <algorithm>
#include <iterator>

#include "proto/wire/limits.hpp"

namespace tenure::core {
namespace {

Error bad_request(std::string detail, std::string hint = "") {
  return {.code = Errc::bad_request, .detail = std::move(detail), .hint = std::move(hint)};
}

}  // namespace

TokenTable::TokenTable(Buffer buffer, TokenHost& host)
    : buffer_(std::move(buffer)), host_(host), shared_(buffer_.plan) {
  Token share;
  share.pages = {.begin = 0, .end = buffer_.plan.page_count};
  share.depth = 0;
  nodes_.try_emplace(kBrokersShare, Node{.token = std::move(share)});
}

Result<std::optional<std::vector<std::uint64_t>>> TokenTable::lend(Lending wish) {
  auto lent = lend_or_wait(std::move(wish));
  counts_.refused += lent ? 0 : 1;
  return lent;
}

Result<std::optional<std::vector<std::uint64_t>>> TokenTable::lend_or_wait(Lending wish) {
  if (auto fit = check(wish); !fit) {
    return fit.error();
  }
  const Node& issuer = nodes_.at(wish.issuer);
  if (const auto obstacle = find_obstacle(issuer, wish, RangeTree::kAnyNumber)) {
    if (!obstacle->may_pass || wish.deadline == kDoNotWait) {
      return obstacle->error;
    }
    enqueue({.wish = std::move(wish), .since = host_.now()});
    return std::optional<std::vector<std::uint64_t>>();
  }
  auto granted = grant(wish);
  if (!granted) {
    return granted.error();
  }
  return std::optional(*std::move(granted));
}

// What no waiting changes.
Result<void> TokenTable::check(const Lending& wish) const {
  if (turns_.contains(wish.asker)) {
    return bad_request("id: a request with it is waiting");
  }
  const Token* issuer = &nodes_.at(kBrokersShare).token;
  if (wish.issuer != kBrokersShare) {
    auto found = find(wish.issuer, wish.asker.session);
    if (!found) {
      return found.error();
    }
    issuer = *found;
  }
  if (issuer->mode == TokenMode::freeze && wish.mode == TokenMode::borrow) {
    return bad_request("a freeze lends freezes only", "borrow from who borrowed it");
  }
  if (issuer->depth >= kMaxTokenDepth) {
    return Error{.code = Errc::too_many,
                 .count = kMaxTokenDepth,
                 .detail = "lent on " + std::to_string(issuer->depth) + " times already"};
  }
  if (wish.layout.size() > wire::kMaxLayoutBytes) {
    return bad_request("layout: " + std::to_string(wish.layout.size()) + " bytes; at most " +
                       std::to_string(wire::kMaxLayoutBytes));
  }
  return check_regions(wish, *issuer);
}

Result<void> TokenTable::check_regions(const Lending& wish, const Token& issuer) const {
  if (wish.regions.empty()) {
    return bad_request("no region");
  }
  for (const PageRange& region : wish.regions) {
    if (region.is_empty()) {
      return bad_request("an empty or reversed region");
    }
    if (!issuer.pages.contains(region)) {
      return bad_request(text_of(region) + " is not within " + text_of(issuer.pages),
                         issuer.id == kBrokersShare ? "" : "a token lends on what it has");
    }
  }
  if (wish.mode == TokenMode::borrow) {
    std::vector<PageRange> sorted = wish.regions;
    std::ranges::sort(sorted);
    const auto twice = std::ranges::adjacent_find(
        sorted, [](const PageRange& a, const PageRange& b) { return a.overlaps(b); });
    if (twice != sorted.end()) {
      return bad_request(text_of(intersection(twice[0], twice[1])) + " is asked for twice");
    }
  }
  return {};
}

std::optional<TokenTable::Obstacle> TokenTable::find_obstacle(const Node& issuer,
                                                              const Lending& wish,
                                                              std::uint64_t turn) const {
  if (wish.is_from_root && issuer.token.is_attached) {
    return Obstacle{.error = root_attached(issuer.token), .may_pass = false};
  }
  for (const PageRange& region : wish.regions) {
    if (auto rival = find_rival(issuer, wish.mode, region, turn)) {
      return Obstacle{.error = *std::move(rival), .may_pass = true};
    }
  }
  for (const PageRange& region : wish.regions) {
    const auto poisoned = poisoned_.first_in(region);
    if (poisoned && wish.mode == TokenMode::freeze) {
      return Obstacle{.error = poisoned_error(*poisoned), .may_pass = false};
    }
    if (needs_grain({.mode = wish.mode,
                     .pages = region,
                     .issuer = wish.issuer,
                     .holder = {.session = wish.asker.session, .uid = wish.uid}})) {
      return Obstacle{.error = grain_error(region), .may_pass = false};
    }
  }
  return std::nullopt;
}

// Somebody who has pages of the region, or asked for some earlier.
std::optional<Error> TokenTable::find_rival(const Node& issuer,
                                            TokenMode mode,
                                            const PageRange& region,
                                            std::uint64_t turn) const {
  if (const Token* other = first_conflict(issuer, region, mode)) {
    return held_by(*other, region);
  }
  auto earlier = issuer.waiting_borrows.first_overlap(region, turn);
  if (!earlier && mode == TokenMode::borrow) {
    earlier = issuer.waiting_freezes.first_overlap(region, turn);
  }
  return earlier ? std::optional(waited_for(waiting_.at(earlier->number), region)) : std::nullopt;
}

const Token* TokenTable::first_conflict(const Node& issuer,
                                        const PageRange& region,
                                        TokenMode mode) const {
  const Token* first = nullptr;
  auto next = issuer.borrows.upper_bound(region.begin);
  if (next != issuer.borrows.begin() &&
      nodes_.at(std::prev(next)->second).token.pages.end > region.begin) {
    --next;
  }
  if (next != issuer.borrows.end() && next->first < region.end) {
    first = &nodes_.at(next->second).token;
  }
  // A freeze lends to any number, and so does a borrow what it has frozen.
  if (mode == TokenMode::borrow) {
    if (const auto frozen = issuer.freezes.first_overlap(region);
        frozen && (first == nullptr || frozen->range.begin < first->pages.begin)) {
      first = &nodes_.at(frozen->number).token;
    }
  }
  return first;
}

// Whether the kernel could not keep the holder of `wanted` out of pages that another uid has, or
// the other way round: both would lie in one grain, and one of them could write there. Whoever has
// the whole grain, and lends a part of it, still has the rest.
bool TokenTable::needs_grain(const Token& wanted) const {
  return std::ranges::any_of(buffer_.plan.shared_by(wanted.pages), [&](std::uint64_t grain) {
    const PageRange all = buffer_.plan.pages_of(grain);
    const Token* whole = &nodes_.at(wanted.issuer).token;
    while (!whole->pages.contains(all)) {
      whole = &nodes_.at(whole->issuer).token;
    }
    if (whole->id == kBrokersShare) {
      return shared_.has_other(grain, wanted.holder.uid, wanted.mode);
    }
    return whole->mode == TokenMode::borrow && whole->holder.uid != wanted.holder.uid;
  });
}

Result<std::vector<std::uint64_t>> TokenTable::grant(const Lending& wish) {
  if (auto charged = host_.charge_tokens(wish.uid, wish.regions.size()); !charged) {
    return charged.error();
  }
  const Token& issuer = nodes_.at(wish.issuer).token;
  if (issuer.id != kBrokersShare && issuer.mode == TokenMode::borrow) {
    for (const PageRange& region : wish.regions) {
      if (!host_.end_writing(issuer, region)) {
        host_.return_tokens(wish.uid, wish.regions.size());
        return still_mapped(region);
      }
    }
  }
  std::vector<std::uint64_t> granted;
  for (const PageRange& region : wish.regions) {
    granted.push_back(add({.mode = wish.mode,
                           .pages = region,
                           .issuer = wish.issuer,
                           .holder = {.session = wish.asker.session, .uid = wish.uid},
                           .since = host_.now(),
                           .layout = wish.layout,
                           .depth = issuer.depth + 1}));
  }
  (wish.mode == TokenMode::borrow ? counts_.borrowed : counts_.frozen) += granted.size();
  return granted;
}

std::uint64_t TokenTable::add(Token token) {
  const std::uint64_t id = host_.add_token(token.holder);
  token.id = id;
  const auto added = nodes_.try_emplace(id, Node{.token = std::move(token)}).first;
  shared_.add(added->second.token);
  by_session_[added->second.token.holder.session].insert(id);
  link(added->second.token);
  return id;
}

void TokenTable::link(const Token& token) {
  Node& issuer = nodes_.at(token.issuer);
  if (token.mode == TokenMode::borrow) {
    issuer.borrows.emplace(token.pages.begin, token.id);
  } else {
    issuer.freezes.insert({.range = token.pages, .number = token.id});
  }
}

void TokenTable::unlink(const Token& token) {
  Node& issuer = nodes_.at(token.issuer);
  if (token.mode == TokenMode::borrow) {
    issuer.borrows.erase(token.pages.begin);
  } else {
    issuer.freezes.erase({.range = token.pages, .number = token.id});
  }
}

}  // namespace tenure::core

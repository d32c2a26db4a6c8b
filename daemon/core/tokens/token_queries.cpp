// SPDX-License-Identifier: Apache-2.0
// Who has what, and what is said about it.
#include <algorithm>

#include "daemon/core/tokens/token_table.hpp"

namespace tenure::core {

Error stale_token(std::uint64_t token) {
  return {.code = Errc::stale,
          .detail = "no token " + std::to_string(token) + " in this session",
          .hint = "it was released, sent on or taken away"};
}

Error stale_ticket() {
  return {.code = Errc::stale,
          .detail = "no such ticket: it was claimed, has expired, or is mistyped",
          .hint = "ask who sent it for another"};
}

const Token* TokenTable::find_any(std::uint64_t token) const {
  const auto found = nodes_.find(token);
  return token == kBrokersShare || found == nodes_.end() ? nullptr : &found->second.token;
}

Result<void> TokenTable::check_poison(const PageRange& pages) const {
  const auto poisoned = poisoned_.first_in(pages);
  return poisoned ? poisoned_error(*poisoned) : Result<void>();
}

std::string TokenTable::obstacle(const Waiting& waiting) const {
  const Node& issuer = nodes_.at(waiting.wish.issuer);
  if (waiting.for_return) {
    return children_out(issuer).detail;
  }
  const auto obstacle = find_obstacle(issuer, waiting.wish, waiting.turn);
  return obstacle ? obstacle->error.detail : "";
}

std::vector<TokenTable::Access> TokenTable::accesses(const Token& token,
                                                     std::uint64_t from,
                                                     std::size_t at_most) const {
  return own_accesses(nodes_.at(token.id), from, at_most);
}

std::vector<TokenTable::Access> TokenTable::own_accesses(const Node& node,
                                                         std::uint64_t from,
                                                         std::size_t at_most) const {
  std::vector<Access> found;
  std::uint64_t page = std::max(from, node.token.pages.begin);
  while (page < node.token.pages.end && found.size() < at_most) {
    PageRange run{.begin = page, .end = node.token.pages.end};
    if (const Token* lent = first_conflict(node, run, TokenMode::freeze)) {
      if (lent->pages.begin <= page) {
        page = lent->pages.end;
        continue;
      }
      run.end = lent->pages.begin;
    }
    bool is_writable = node.token.mode == TokenMode::borrow;
    if (const auto frozen = node.freezes.first_overlap(run); is_writable && frozen) {
      is_writable = frozen->range.begin > page;
      run.end = is_writable ? frozen->range.begin : std::min(run.end, end_of_frozen(node, page));
    }
    found.push_back({.pages = run, .is_writable = is_writable});
    page = run.end;
  }
  return found;
}

// Where the frozen pages end that begin with `page`.
std::uint64_t TokenTable::end_of_frozen(const Node& node, std::uint64_t page) {
  while (const auto frozen = node.freezes.first_overlap({.begin = page, .end = page + 1})) {
    page = frozen->range.end;
  }
  return page;
}

std::vector<std::uint64_t> TokenTable::children(const Node& node) {
  std::vector<std::uint64_t> all;
  for (const auto& [begin, id] : node.borrows) {
    all.push_back(id);
  }
  for (const RangeTree::Item& item : node.freezes.overlaps(node.token.pages)) {
    all.push_back(item.number);
  }
  return all;
}

std::string TokenTable::text_of(const PageRange& pages) const {
  return "[" + std::to_string(pages.begin * buffer_.page_bytes) + ", " +
         std::to_string(pages.end * buffer_.page_bytes) + ")";
}

// The token that has `page` of what `token` has.
const Token& TokenTable::deepest(const Token& token, std::uint64_t page) const {
  const Token* found = &token;
  const PageRange only{.begin = page, .end = page + 1};
  while (const Token* child = first_conflict(nodes_.at(found->id), only, TokenMode::borrow)) {
    found = child;
  }
  return *found;
}

Error TokenTable::held_by(const Token& child, const PageRange& region) const {
  const Token& other = deepest(child, std::max(child.pages.begin, region.begin));
  const std::string who = host_.name_of(other.holder.session);
  std::string how = std::string(" is ") + past_of(other.mode) + " by " + who;
  if (other.ticket) {
    how = std::string(" is in a ticket of ") + who;
  } else if (other.is_orphan) {
    how = " was " + (past_of(other.mode) + std::string(" by a process that died; others still")) +
          " have parts of its grains";
  }
  return {.code = Errc::held,
          .detail = text_of(intersection(other.pages, region)) + how,
          .hint = "wait with a deadline for it to come back"};
}

Error TokenTable::waited_for(const Waiting& earlier, const PageRange& region) const {
  PageRange both{};
  for (const PageRange& wanted : earlier.wish.regions) {
    if (wanted.overlaps(region)) {
      both = intersection(wanted, region);
      break;
    }
  }
  const char* const what = earlier.wish.mode == TokenMode::borrow ? "borrow" : "freeze";
  return {.code = Errc::held,
          .detail =
              host_.name_of(earlier.wish.asker.session) + " waits to " + what + " " + text_of(both),
          .hint = "wait with a deadline for your turn"};
}

Error TokenTable::children_out(const Node& node) const {
  const Token& child = *first_conflict(node, node.token.pages, TokenMode::borrow);
  Error error = held_by(child, node.token.pages);
  error.code = Errc::has_children;
  error.hint = "it has to come back first";
  return error;
}

Error TokenTable::still_mapped(const PageRange& pages) const {
  return {.code = Errc::still_mapped,
          .detail =
              "this process, a child of it, or one that it sent the file descriptor to can "
              "still write " +
              text_of(pages),
          .hint = "unmap it and close what it was mapped from"};
}

Error TokenTable::root_attached(const Token& root) const {
  return {.code = Errc::attached,
          .detail = text_of(root.pages) + " is attached by the root borrow of this session",
          .hint = "lend from that borrow, or detach it first"};
}

Error TokenTable::grain_error(const PageRange& pages) const {
  const std::string grain = std::to_string(buffer_.plan.grain_pages * buffer_.page_bytes);
  return {.code = Errc::needs_grain,
          .detail = text_of(pages) + " shares a grain with another uid",
          .hint = "between uids take whole grains, multiples of " + grain + " bytes"};
}

Error TokenTable::poisoned_error(const PageRange& pages) const {
  return {.code = Errc::poisoned,
          .detail = text_of(pages) + ": its writer died half-way",
          .hint = "borrow it and acknowledge() that, to overwrite or accept what is there"};
}

std::vector<const Token*> TokenTable::list(std::uint64_t after, std::size_t at_most) const {
  std::vector<const Token*> listed;
  for (auto next = nodes_.upper_bound(after); next != nodes_.end() && listed.size() < at_most;
       ++next) {
    listed.push_back(&next->second.token);
  }
  return listed;
}

std::vector<const Waiting*> TokenTable::waiting(std::uint64_t after, std::size_t at_most) const {
  std::vector<const Waiting*> listed;
  for (auto next = waiting_.upper_bound(after); next != waiting_.end() && listed.size() < at_most;
       ++next) {
    listed.push_back(&next->second);
  }
  return listed;
}

}  // namespace tenure::core

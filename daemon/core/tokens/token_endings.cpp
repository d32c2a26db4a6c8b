// SPDX-License-Identifier: Apache-2.0
// How tokens end: released, sent on, claimed, taken away, or left behind by the dead.
#include <algorithm>
#include <tuple>
#include <utility>

#include "daemon/core/tokens/token_table.hpp"

namespace tenure::core {
namespace {

// Takes the same time wherever the two differ.
bool is_same_secret(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) {
    return false;
  }
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

}  // namespace

Result<const Token*> TokenTable::find(std::uint64_t token, std::uint32_t session) const {
  const Token* found = find_any(token);
  if (found == nullptr || found->holder.session != session || found->ticket || found->is_orphan) {
    return stale_token(token);
  }
  return found;
}

Result<TokenTable::Node*> TokenTable::find_idle(std::uint64_t token, std::uint32_t session) {
  if (auto found = find(token, session); !found) {
    return found.error();
  }
  Node& node = nodes_.at(token);
  if (node.token.is_attached) {
    return Error{.code = Errc::attached,
                 .detail = text_of(node.token.pages) + " is attached",
                 .hint = "detach it first"};
  }
  if (node.has_children()) {
    return children_out(node);
  }
  return &node;
}

Result<void> TokenTable::end_right(const Token& token) {
  if (token.mode == TokenMode::borrow && !host_.end_writing(token, token.pages)) {
    return still_mapped(token.pages);
  }
  return {};
}

Result<void> TokenTable::release(std::uint64_t token, std::uint32_t session) {
  auto found = find_idle(token, session);
  if (!found) {
    return found.error();
  }
  if (auto ended = end_right((*found)->token); !ended) {
    return ended;
  }
  remove(token);
  settle();
  return {};
}

Result<void> TokenTable::transfer(std::uint64_t token, std::uint32_t session, Ticket ticket) {
  auto found = find_idle(token, session);
  if (!found) {
    return found.error();
  }
  Node& node = **found;
  if (auto ended = end_right(node.token); !ended) {
    return ended;
  }
  if (ticket.to_session) {
    notices_.push_back({.session = *ticket.to_session,
                        .event = {.what = Event::What::ticket,
                                  .segment = buffer_.name,
                                  .ticket = ticket.text,
                                  .token = token}});
  }
  expiries_.emplace(ticket.expiry, token);
  node.token.since = host_.now();
  node.token.ticket = std::move(ticket);
  return {};
}

Result<std::uint64_t> TokenTable::claim(const Claim& claim) {
  const auto found = nodes_.find(claim.token);
  if (found == nodes_.end() || !found->second.token.ticket ||
      !is_same_secret(found->second.token.ticket->text, claim.ticket)) {
    return stale_ticket();
  }
  const Token& sent = found->second.token;
  if (sent.ticket->is_returned && sent.ticket->to_session != claim.holder.session) {
    return stale_ticket();
  }
  if (sent.ticket->to_uid.value_or(claim.holder.uid) != claim.holder.uid ||
      sent.ticket->to_session.value_or(claim.holder.session) != claim.holder.session) {
    return Error{.code = Errc::denied, .detail = "the ticket is for somebody else"};
  }
  if (claim.mode.value_or(sent.mode) != sent.mode) {
    return Error{.code = Errc::bad_request,
                 .detail = std::string("the ticket is for a ") +
                           (sent.mode == TokenMode::borrow ? "borrow" : "freeze"),
                 .hint = "claim it as that; it stays good"};
  }
  return move_to(claim.token, claim.holder);
}

Result<std::uint64_t> TokenTable::move_to(std::uint64_t id, const Holder& holder) {
  Token token = nodes_.at(id).token;
  const std::uint32_t sender_uid = std::exchange(token.holder, holder).uid;
  shared_.remove(nodes_.at(id).token);
  const bool is_refused = needs_grain(token);
  shared_.add(nodes_.at(id).token);
  if (is_refused) {
    return grain_error(token.pages);
  }
  host_.return_tokens(sender_uid, 1);  // First: the two may be one.
  if (auto charged = host_.charge_tokens(holder.uid, 1); !charged) {
    std::ignore = host_.charge_tokens(sender_uid, 1);
    return charged.error();
  }
  unlink(nodes_.at(id).token);
  forget(id);
  token.ticket.reset();
  token.was_attached = false;
  token.since = host_.now();
  ++counts_.claimed;
  return add(std::move(token));
}

Result<void> TokenTable::acknowledge(std::uint64_t token, std::uint32_t session) {
  auto found = find(token, session);
  if (!found) {
    return found.error();
  }
  if ((*found)->mode == TokenMode::freeze) {
    return Error{.code = Errc::bad_request, .detail = "a freeze is never poisoned"};
  }
  poisoned_.remove((*found)->pages);
  return {};
}

Result<void> TokenTable::revoke(std::uint64_t token) {
  const auto found = nodes_.find(token);
  if (token == kBrokersShare || found == nodes_.end()) {
    return stale_token(token);
  }
  if (found->second.token.ticket) {
    remove(token);
  } else if (!found->second.token.is_orphan) {
    bury(token);
  }
  settle();
  return {};
}

Result<void> TokenTable::check_attach(std::uint64_t token, std::uint32_t session) const {
  auto found = find(token, session);
  if (!found) {
    return found.error();
  }
  const Token& holding = **found;
  if (holding.is_attached) {
    return Error{.code = Errc::attached,
                 .detail = text_of(holding.pages) + " is attached already",
                 .hint = "detach it first"};
  }
  return check_poison(holding.pages);
}

Result<void> TokenTable::attach(std::uint64_t token, std::uint32_t session) {
  if (auto fit = check_attach(token, session); !fit) {
    return fit;
  }
  Token& holding = nodes_.at(token).token;
  holding.is_attached = true;
  holding.was_attached = true;
  return {};
}

Result<void> TokenTable::detach(std::uint64_t token, std::uint32_t session) {
  auto found = find(token, session);
  if (!found) {
    return found.error();
  }
  Token& holding = nodes_.at(token).token;
  if (!holding.is_attached) {
    return Error{.code = Errc::not_attached,
                 .detail = text_of(holding.pages) + " is not attached",
                 .hint = "attach() maps it"};
  }
  holding.is_attached = false;
  host_.detach(holding);
  return {};
}

void TokenTable::end_session(std::uint32_t session) {
  leave_queues(session);
  if (const auto found = by_session_.find(session); found != by_session_.end()) {
    for (const std::uint64_t id : std::set(found->second)) {
      leave_behind(id);
    }
  }
  settle();
}

void TokenTable::leave_behind(std::uint64_t id) {
  const auto found = nodes_.find(id);
  if (found == nodes_.end() || found->second.token.is_orphan) {
    return;  // It went with the last of its children, or stays for them.
  }
  auto& ticket = found->second.token.ticket;
  if (!ticket) {
    bury(id);
  } else if (ticket->is_returned) {
    remove(id);
  } else {
    ticket->is_sender_dead = true;
  }
}

bool TokenTable::is_wanted(std::uint32_t session) const {
  const auto found = by_session_.find(session);
  return found != by_session_.end() && std::ranges::any_of(found->second, [&](std::uint64_t id) {
           return is_wanted(nodes_.at(id).token);
         });
}

void TokenTable::take_wanted(std::uint32_t session) {
  if (const auto found = by_session_.find(session); found != by_session_.end()) {
    for (const std::uint64_t id : std::set(found->second)) {
      if (const auto left = nodes_.find(id);
          left != nodes_.end() && is_wanted(left->second.token)) {
        leave_behind(id);
      }
    }
  }
  settle();
}

// What is in a ticket is no longer its own: whoever claims it has it, or it expires.
bool TokenTable::is_wanted(const Token& token) const {
  const Node& issuer = nodes_.at(token.issuer);
  if (token.ticket && !token.ticket->is_returned) {
    return false;
  }
  return !issuer.for_return.empty() ||
         issuer.waiting_borrows.first_overlap(token.pages).has_value() ||
         (token.mode == TokenMode::borrow &&
          issuer.waiting_freezes.first_overlap(token.pages).has_value());
}

// Its holder is gone without a word.
void TokenTable::bury(std::uint64_t id) {
  Node& node = nodes_.at(id);
  refuse_waiting(node, stale_token(id));
  host_.detach(node.token);
  if (node.token.mode == TokenMode::borrow && abandon_own_pages(node)) {
    ++counts_.poisoned;
  }
  node.token.is_attached = false;
  if (must_outlive(node)) {
    node.token.is_orphan = true;
    return;
  }
  unlink(node.token);  // First: its place in the issuer's books may be a child's.
  for (const std::uint64_t child : children(node)) {
    nodes_.at(child).token.issuer = node.token.issuer;
    link(nodes_.at(child).token);
  }
  give_back(id);
}

// Not what children have of it: they go on, or it could not be written. Whether some is poisoned.
bool TokenTable::abandon_own_pages(const Node& node) {
  bool is_poisoned = false;
  for (const Access& own : own_accesses(node, node.token.pages.begin, RangeTree::kAnyNumber)) {
    if (!own.is_writable) {
      continue;
    }
    if (node.token.was_attached) {
      poisoned_.add(own.pages);
      is_poisoned = true;
    }
    host_.abandon_writing(node.token, own.pages);
  }
  return is_poisoned;
}

// Its issuer would have the rest of grains of which another uid has a part: a child, or whoever
// that has lent on to.
bool TokenTable::must_outlive(const Node& node) const {
  const Token& issuer = nodes_.at(node.token.issuer).token;
  if (issuer.id == kBrokersShare || issuer.mode == TokenMode::freeze) {
    return false;
  }
  return std::ranges::any_of(children(node), [&](std::uint64_t id) {
    return std::ranges::any_of(
        buffer_.plan.shared_by(nodes_.at(id).token.pages), [&](std::uint64_t grain) {
          return shared_.has_other(grain, issuer.holder.uid, TokenMode::borrow);
        });
  });
}

void TokenTable::remove(std::uint64_t id) {
  unlink(nodes_.at(id).token);
  give_back(id);
}

// It is in nobody's books any more: its pages are the issuer's again.
void TokenTable::give_back(std::uint64_t id) {
  const PageRange pages = nodes_.at(id).token.pages;
  const std::uint64_t issuer_id = nodes_.at(id).token.issuer;
  host_.return_tokens(nodes_.at(id).token.holder.uid, 1);
  forget(id);
  changed_.push_back({.issuer = issuer_id, .pages = pages});
  const Node& issuer = nodes_.at(issuer_id);
  if (issuer.token.is_orphan && !issuer.has_children()) {
    remove(issuer_id);
  }
}

void TokenTable::forget(std::uint64_t id) {
  const Token& token = nodes_.at(id).token;
  shared_.remove(token);
  const auto session = by_session_.find(token.holder.session);
  session->second.erase(id);
  if (session->second.empty()) {
    by_session_.erase(session);
  }
  if (token.ticket) {
    expiries_.erase({token.ticket->expiry, id});
  }
  host_.remove_token(id, token.holder);
  nodes_.erase(id);
}

}  // namespace tenure::core

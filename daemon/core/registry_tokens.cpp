// SPDX-License-Identifier: Apache-2.0
// Tokens of all buffers: whose they are, who may ask for them, and what follows from their end.
#include <charconv>
#include <utility>

#include "daemon/core/registry.hpp"

namespace tenure::core {
namespace {

Time deadline_after(Time now, std::chrono::nanoseconds timeout) noexcept {
  if (timeout.count() <= 0) {
    return kDoNotWait;
  }
  return timeout >= Time::max() - now ? Time::max() : now + timeout;
}

// "tenure:7:SECRET": which token it stands for, and what only its sender can have told.
std::string ticket_text(std::uint64_t token, const std::string& secret) {
  return "tenure:" + std::to_string(token) + ":" + secret;
}

std::uint64_t token_in(const std::string& ticket) noexcept {
  constexpr std::string_view begin = "tenure:";
  std::uint64_t token = 0;
  if (ticket.starts_with(begin)) {
    std::from_chars(ticket.data() + begin.size(), ticket.data() + ticket.size(), token);
  }
  return token;
}

}  // namespace

// ---- books

std::uint64_t Registry::add_token(std::uint64_t segment, const Holder& holder) {
  const std::uint64_t id = ++last_token_;
  token_segments_.emplace(id, segment);
  ++open_counts_[segments_.at(segment).memory];
  ++sessions_.at(holder.session).tokens[segment];
  return id;
}

void Registry::remove_token(std::uint64_t id, const Holder& holder) {
  const std::uint64_t segment = token_segments_.extract(id).mapped();
  if (const auto session = sessions_.find(holder.session); session != sessions_.end()) {
    auto& tokens = session->second.tokens;
    if (--tokens.at(segment) == 0) {
      tokens.erase(segment);
    }
  }
  const MemoryId memory = segments_.at(segment).memory;
  if (--open_counts_.at(memory) == 0) {
    open_counts_.erase(memory);
    release_if_unused(memory);
  }
}

Result<void> Registry::charge_tokens(std::uint32_t uid, std::size_t count) {
  return accounts_.charge_tokens(uid, count);
}

void Registry::return_tokens(std::uint32_t uid, std::size_t count) {
  accounts_.return_tokens(uid, count);
}

std::string Registry::name_of(std::uint32_t session) const {
  return sessions_.contains(session) ? to_text(peer(session))
                                     : "session " + std::to_string(session) + ", which has ended";
}

// ---- who lends

void Registry::lend_root(Segment& segment, Asker creator) {
  if (segment.buffer->options().root == Root::broker || !sessions_.contains(creator.session)) {
    return;
  }
  // Over the limit of tokens the broker lends instead.
  const auto lent = segment.buffer->tokens().lend(
      {.asker = creator,
       .uid = segment.uid,
       .regions = {{.begin = 0, .end = segment.buffer->plan().page_count}}});
  if (lent && *lent) {
    segment.root = (*lent)->front();
  }
}

Result<Segment*> Registry::find_buffer(std::uint32_t session, std::uint64_t id) {
  auto found = handle(session, id);
  if (!found) {
    return found.error();
  }
  Segment& segment = segments_.at(found->memory.segment);
  if (!segment.buffer) {
    return Error{.code = Errc::unsupported, .detail = segment.name + " is no buffer"};
  }
  return &segment;
}

std::uint64_t Registry::issuer_for(const Segment& segment, std::uint32_t session) const {
  return segment.buffer->tokens().find(segment.root, session) ? segment.root : kBrokersShare;
}

Result<void> Registry::check_lending(const Segment& segment,
                                     std::uint32_t session,
                                     TokenMode mode) const {
  const Identity& who = sessions_.at(session).identity;
  const std::uint32_t needed = mode == TokenMode::borrow ? kWrite : kRead;
  const std::uint32_t has = rights_of(who, segment.ownership());
  if ((has & needed) == 0) {
    return Error{.code = Errc::denied,
                 .detail = "uid " + std::to_string(who.uid) + " has " + to_text(has) + ", needs " +
                           to_text(needed),
                 .hint = "a ticket from who holds the region needs no right"};
  }
  return {};
}

Result<std::optional<std::vector<std::uint64_t>>> Registry::lend(Asker asker,
                                                                 const wire::Lend& request) {
  Lending wish{.asker = asker,
               .uid = sessions_.at(asker.session).identity.uid,
               .issuer = request.issuer,
               .mode = request.mode,
               .layout = request.layout,
               .deadline = deadline_after(now_, request.timeout)};
  Segment* segment = nullptr;
  if (wish.issuer != kBrokersShare) {
    auto found = holding(asker.session, wish.issuer);
    if (!found) {
      return found.error();
    }
    segment = found->segment;
  } else {
    auto found = find_buffer(asker.session, request.handle);
    if (!found) {
      return found.error();
    }
    segment = *found;
    wish.issuer = issuer_for(*segment, asker.session);
    wish.is_from_root = wish.issuer != kBrokersShare;
  }
  if (wish.issuer == kBrokersShare) {
    if (auto allowed = check_lending(*segment, asker.session, wish.mode); !allowed) {
      return allowed.error();
    }
  }
  for (const Region& region : request.regions) {
    auto pages = segment->buffer->pages_of(region);
    if (!pages) {
      return pages.error();
    }
    wish.regions.push_back(*pages);
  }
  if (auto can_wait = check_waiting(asker, request.timeout); !can_wait) {
    return can_wait.error();
  }
  auto lent = segment->buffer->tokens().lend(std::move(wish));
  if (lent && !*lent) {
    token_waits_.emplace(asker, segment->memory.segment);
  }
  finish_tokens(segment->memory.segment);
  return lent;
}

// Of all that waits, in whatever buffer or for whatever name, one request has the number.
Result<void> Registry::check_waiting(Asker asker, std::chrono::nanoseconds timeout) const {
  if (token_waits_.contains(asker) || waiting_.find(asker) != nullptr) {
    return Error{.code = Errc::bad_request, .detail = "id: a request with it is waiting"};
  }
  return timeout.count() > 0 ? check_in_flight(asker.session) : Result<void>();
}

// ---- what becomes of tokens

Registry::Holding Registry::find_token(std::uint64_t token) {
  const auto found = token_segments_.find(token);
  if (found == token_segments_.end()) {
    return {};
  }
  Segment& segment = segments_.at(found->second);
  return {.segment = &segment, .token = segment.buffer->tokens().find_any(token)};
}

Result<Registry::Holding> Registry::holding(std::uint32_t session, std::uint64_t token) {
  const Holding found = find_token(token);
  if (found.segment == nullptr) {
    return stale_token(token);
  }
  auto held = found.segment->buffer->tokens().find(token, session);
  if (!held) {
    return held.error();
  }
  return found;
}

template <class Verb>
Result<void> Registry::with_token(std::uint64_t token, Verb&& verb) {
  const Holding found = find_token(token);
  if (found.segment == nullptr) {
    return stale_token(token);
  }
  const std::uint64_t segment = found.segment->memory.segment;
  auto done = verb(found.segment->buffer->tokens());
  finish_tokens(segment);
  return done;
}

Result<void> Registry::release(std::uint32_t session, std::uint64_t token) {
  return with_token(token, [&](TokenTable& tokens) { return tokens.release(token, session); });
}

Result<void> Registry::acknowledge(std::uint32_t session, std::uint64_t token) {
  return with_token(token, [&](TokenTable& tokens) { return tokens.acknowledge(token, session); });
}

Result<void> Registry::revoke(std::uint64_t token) {
  if (find_token(token).token == nullptr) {
    return Error{.code = Errc::stale,
                 .detail = "there is no token " + std::to_string(token),
                 .hint = "it has ended, or the number is mistyped"};
  }
  return with_token(token, [&](TokenTable& tokens) { return tokens.revoke(token); });
}

Result<void> Registry::attach(std::uint32_t session, std::uint64_t token) {
  return with_token(token, [&](TokenTable& tokens) { return tokens.attach(token, session); });
}

Result<void> Registry::detach(std::uint32_t session, std::uint64_t token) {
  return with_token(token, [&](TokenTable& tokens) { return tokens.detach(token, session); });
}

Result<std::string> Registry::transfer(std::uint32_t session,
                                       const wire::Transfer& request,
                                       const std::string& secret) {
  const auto life = request.expires_in;
  if (life.count() < 1 || life > wire::kMaxTicketLife) {
    return Error{.code = Errc::bad_request,
                 .detail = "expires_in_ms: " + std::to_string(life.count()) +
                           " ms; 1 ms to 24 hours are allowed"};
  }
  if (request.to_session && !sessions_.contains(*request.to_session)) {
    return Error{.code = Errc::not_found,
                 .detail = "to_session: no session " + std::to_string(*request.to_session)};
  }
  std::string text = ticket_text(request.token, secret);
  auto sent = with_token(request.token, [&](TokenTable& tokens) {
    return tokens.transfer(request.token,
                           session,
                           {.text = text,
                            .expiry = now_ + life,
                            .to_uid = request.to_uid,
                            .to_session = request.to_session});
  });
  if (!sent) {
    return sent.error();
  }
  return text;
}

Result<std::uint64_t> Registry::claim(std::uint32_t session, const wire::Claim& request) {
  const std::uint64_t token = token_in(request.ticket);
  const Holding found = find_token(token);
  if (found.segment == nullptr) {
    return stale_ticket();
  }
  auto claimed = found.segment->buffer->tokens().claim(
      {.token = token,
       .ticket = request.ticket,
       .holder = {.session = session, .uid = sessions_.at(session).identity.uid},
       .mode = request.mode});
  finish_tokens(found.segment->memory.segment);
  return claimed;
}

Result<bool> Registry::wait_returned(Asker asker, const wire::WaitReturned& request) {
  std::uint64_t token = request.token;
  Segment* segment = find_token(token).segment;
  if (token == kBrokersShare) {
    auto found = find_buffer(asker.session, request.handle);
    if (!found) {
      return found.error();
    }
    segment = *found;
    token = issuer_for(*segment, asker.session);
  }
  if (segment == nullptr) {
    return stale_token(token);
  }
  if (auto can_wait = check_waiting(asker, request.timeout); !can_wait) {
    return can_wait.error();
  }
  auto waited =
      segment->buffer->tokens().wait_returned(asker, token, deadline_after(now_, request.timeout));
  if (waited && !*waited) {
    token_waits_.emplace(asker, segment->memory.segment);
  }
  finish_tokens(segment->memory.segment);
  return waited;
}

}  // namespace tenure::core

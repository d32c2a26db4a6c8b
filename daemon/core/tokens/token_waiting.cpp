// SPDX-License-Identifier: Apache-2.0
// Those who wait for pages, or for the return of what they lent: first come, first served, and
// nobody who could be served later is served before one that asked earlier for the same pages.
#include <algorithm>
#include <utility>

#include "daemon/core/tokens/token_table.hpp"

namespace tenure::core {
namespace {

std::string milliseconds(Time duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
         " ms";
}

}  // namespace

Result<bool> TokenTable::wait_returned(Asker asker, std::uint64_t token, Time deadline) {
  if (token != kBrokersShare) {
    if (auto found = find(token, asker.session); !found) {
      return found.error();
    }
  }
  const Node& node = nodes_.at(token);
  if (!node.has_children()) {
    return true;
  }
  if (deadline == kDoNotWait) {
    Error error = children_out(node);
    error.code = Errc::held;
    return error;
  }
  if (turns_.contains(asker)) {
    return Error{.code = Errc::bad_request, .detail = "id: a request with it is waiting"};
  }
  enqueue({.wish = {.asker = asker, .issuer = token, .deadline = deadline},
           .since = host_.now(),
           .for_return = true});
  return false;
}

void TokenTable::enqueue(Waiting waiting) {
  const std::uint64_t turn = ++last_turn_;
  waiting.turn = turn;
  const Lending& wish = waiting.wish;
  Node& issuer = nodes_.at(wish.issuer);
  if (waiting.for_return) {
    issuer.for_return.insert(turn);
  }
  for (const PageRange& region : wish.regions) {
    issuer.queue(wish.mode).insert({.range = region, .number = turn});
  }
  turns_.emplace(wish.asker, turn);
  if (wish.deadline != Time::max()) {
    deadlines_.emplace(wish.deadline, turn);
  }
  waiting_.emplace(turn, std::move(waiting));
}

Waiting TokenTable::dequeue(std::uint64_t turn) {
  Waiting waiting = std::move(waiting_.extract(turn).mapped());
  const Lending& wish = waiting.wish;
  Node& issuer = nodes_.at(wish.issuer);
  issuer.for_return.erase(turn);
  for (const PageRange& region : wish.regions) {
    issuer.queue(wish.mode).erase({.range = region, .number = turn});
  }
  turns_.erase(wish.asker);
  deadlines_.erase({wish.deadline, turn});
  return waiting;
}

// Pages may be lent again: to whom? Who leaves the queue without them may have been in the way of
// others. Not before a call has ended everything that it ends.
void TokenTable::settle() {
  while (!changed_.empty()) {
    const Change change = changed_.back();
    changed_.pop_back();
    const auto issuer = nodes_.find(change.issuer);
    if (issuer == nodes_.end()) {
      continue;  // It ended, too: its own issuer has all its pages.
    }
    if (!issuer->second.has_children()) {
      settle_returns(issuer->second);
    }
    for (const std::uint64_t turn : turns_at(issuer->second, change.pages)) {
      settle_turn(issuer->second, turn);
    }
  }
}

void TokenTable::settle_turn(const Node& issuer, std::uint64_t turn) {
  const auto obstacle = find_obstacle(issuer, waiting_.at(turn).wish, turn);
  if (obstacle && obstacle->may_pass) {
    return;
  }
  const Waiting waiting = dequeue(turn);
  auto granted =
      obstacle ? Result<std::vector<std::uint64_t>>(obstacle->error) : grant(waiting.wish);
  if (granted) {
    outcomes_.push_back({.asker = waiting.wish.asker, .result = *std::move(granted)});
  } else {
    refuse(waiting, std::move(granted).error());
    note_change(waiting.wish);
  }
}

void TokenTable::refuse(const Waiting& waiting, Error error) {
  counts_.refused += waiting.for_return ? 0 : 1;
  outcomes_.push_back({.asker = waiting.wish.asker, .result = std::move(error)});
}

void TokenTable::note_change(const Lending& wish) {
  for (const PageRange& region : wish.regions) {
    changed_.push_back({.issuer = wish.issuer, .pages = region});
  }
}

std::vector<std::uint64_t> TokenTable::turns_at(const Node& issuer, const PageRange& pages) {
  std::vector<std::uint64_t> turns;
  for (const RangeTree* queue : {&issuer.waiting_borrows, &issuer.waiting_freezes}) {
    for (const RangeTree::Item& item : queue->overlaps(pages)) {
      turns.push_back(item.number);
    }
  }
  std::ranges::sort(turns);
  const auto repeated = std::ranges::unique(turns);  // A wish may have several of the pages.
  turns.erase(repeated.begin(), repeated.end());
  return turns;
}

void TokenTable::settle_returns(Node& node) {
  for (const std::uint64_t turn : std::set(node.for_return)) {
    outcomes_.push_back(
        {.asker = dequeue(turn).wish.asker, .result = std::vector<std::uint64_t>()});
  }
}

void TokenTable::refuse_waiting(Node& node, const Error& error) {
  std::set<std::uint64_t> turns = node.for_return;
  for (const std::uint64_t turn : turns_at(node, node.token.pages)) {
    turns.insert(turn);
  }
  for (const std::uint64_t turn : turns) {
    refuse(dequeue(turn), error);
  }
}

bool TokenTable::cancel(Asker asker) {
  const auto found = turns_.find(asker);
  if (found == turns_.end()) {
    return false;
  }
  note_change(dequeue(found->second).wish);
  outcomes_.push_back(
      {.asker = asker, .result = Error{.code = Errc::cancelled, .detail = "by the client"}});
  settle();
  return true;
}

void TokenTable::stop_waiting(std::uint32_t session) {
  leave_queues(session);
  settle();
}

void TokenTable::leave_queues(std::uint32_t session) {
  while (true) {
    const auto next = turns_.lower_bound({.session = session, .request = 0});
    if (next == turns_.end() || next->first.session != session) {
      return;
    }
    note_change(dequeue(next->second).wish);
  }
}

std::optional<Time> TokenTable::next_deadline() const {
  std::optional<Time> next;
  for (const auto* times : {&deadlines_, &expiries_}) {
    if (!times->empty() && times->begin()->first != Time::max()) {
      next = std::min(next.value_or(Time::max()), times->begin()->first);
    }
  }
  return next;
}

void TokenTable::expire(Time now) {
  // Each is told what stands in its way now, others that time out with it included.
  std::vector<std::pair<std::uint64_t, Error>> late;
  for (auto next = deadlines_.begin(); next != deadlines_.end() && next->first <= now; ++next) {
    late.emplace_back(next->second, timed_out(next->second));
  }
  for (auto& [turn, error] : late) {
    const Waiting waiting = dequeue(turn);
    refuse(waiting, std::move(error));
    note_change(waiting.wish);
  }
  while (!expiries_.empty() && expiries_.begin()->first <= now) {
    return_ticket(expiries_.begin()->second);
  }
  settle();
}

Error TokenTable::timed_out(std::uint64_t turn) const {
  const Waiting& waiting = waiting_.at(turn);
  return {
      .code = Errc::timed_out,
      .detail = obstacle(waiting) + ", still after " + milliseconds(host_.now() - waiting.since)};
}

// Nobody claimed it.
void TokenTable::return_ticket(std::uint64_t id) {
  Token& token = nodes_.at(id).token;
  if (token.ticket->is_sender_dead) {
    remove(id);
    return;
  }
  expiries_.erase({token.ticket->expiry, id});
  token.ticket->expiry = Time::max();
  token.ticket->to_uid.reset();
  token.ticket->to_session = token.holder.session;
  token.ticket->is_returned = true;
  expiries_.emplace(token.ticket->expiry, id);
  notices_.push_back({.session = token.holder.session,
                      .event = {.what = Event::What::returned,
                                .segment = buffer_.name,
                                .ticket = token.ticket->text,
                                .token = id}});
}

}  // namespace tenure::core

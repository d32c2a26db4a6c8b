// SPDX-License-Identifier: Apache-2.0
// What follows from each change of a buffer's tokens: for who waits, for the absent and the dead.
#include <utility>

#include "daemon/core/registry.hpp"

namespace tenure::core {

// What the table has decided is carried out; a buffer that nobody uses any more goes.
void Registry::finish_tokens(std::uint64_t id) {
  take_from_absent(id);
  Segment& segment = segments_.at(id);
  TokenTable& tokens = segment.buffer->tokens();
  for (TokenOutcome& outcome : tokens.take_outcomes()) {
    token_waits_.erase(outcome.asker);
    effects_.token_outcomes.push_back({.name = segment.name, .outcome = std::move(outcome)});
  }
  for (Notice& notice : tokens.take_notices()) {
    effects_.notices.push_back(std::move(notice));
  }
  set_token_deadline(id, next_token_deadline(tokens));
  drop_if_unused(segment);
  forget_if_empty(id);
}

std::optional<Time> Registry::next_token_deadline(const TokenTable& tokens) const {
  std::optional<Time> next = tokens.next_deadline();
  for (const auto& [session, due] : absent_) {
    if (due > now_ && tokens.is_wanted(session)) {
      next = std::min(next.value_or(Time::max()), due);
    }
  }
  return next;
}

void Registry::set_token_deadline(std::uint64_t segment, std::optional<Time> deadline) {
  if (const auto found = token_deadlines_.find(segment); found != token_deadlines_.end()) {
    token_alarms_.erase({found->second, segment});
    token_deadlines_.erase(found);
  }
  if (deadline) {
    token_deadlines_.emplace(segment, *deadline);
    token_alarms_.emplace(*deadline, segment);
  }
}

void Registry::expire_tokens(Time now) {
  while (!token_alarms_.empty() && token_alarms_.begin()->first <= now) {
    const std::uint64_t segment = token_alarms_.begin()->second;
    segments_.at(segment).buffer->tokens().expire(now);
    finish_tokens(segment);
  }
}

void Registry::stop_waiting_for_tokens(std::uint32_t session) {
  while (true) {
    const auto next = token_waits_.lower_bound({.session = session, .request = 0});
    if (next == token_waits_.end() || next->first.session != session) {
      return;
    }
    const std::uint64_t segment = next->second;
    segments_.at(segment).buffer->tokens().stop_waiting(session);
    std::erase_if(token_waits_, [&](const auto& wait) {
      return wait.first.session == session && wait.second == segment;
    });
    finish_tokens(segment);
  }
}

void Registry::end_tokens(std::uint32_t session) {
  absent_.erase(session);
  while (!sessions_.at(session).tokens.empty()) {
    const std::uint64_t segment = sessions_.at(session).tokens.begin()->first;
    segments_.at(segment).buffer->tokens().end_session(session);
    sessions_.at(session).tokens.erase(segment);  // What it left in tickets is nobody's now.
    finish_tokens(segment);
  }
}

// Holders that are disconnected but alive keep their tokens, but for those that somebody waits for
// after the grace.
void Registry::take_from_absent(std::uint64_t segment) {
  TokenTable& tokens = segments_.at(segment).buffer->tokens();
  for (const auto& [session, due] : absent_) {
    if (due <= now_ && tokens.is_wanted(session)) {
      tokens.take_wanted(session);
    }
  }
}

Result<MemoryId> Registry::charge_grain(std::uint64_t id, std::uint64_t grain) {
  Segment& segment = segments_.at(id);
  const MemoryId left{.segment = id, .incarnation = 2 + segment.grains_left};
  const Accounts::Amount amount{.bytes = segment.buffer->shape().grain_bytes, .memfds = 1};
  const std::uint32_t keeper = segment.buffer->grains().writer_uid(grain);
  auto charged = accounts_.charge_memory(left, keeper, amount);
  if (!charged && keeper != segment.uid) {
    charged = accounts_.charge_memory(left, segment.uid, amount);
  }
  if (!charged) {
    return charged.error();
  }
  ++segment.grains_left;
  return left;
}

}  // namespace tenure::core

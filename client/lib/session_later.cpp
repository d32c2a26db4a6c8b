// SPDX-License-Identifier: Apache-2.0
// Requests whose answers are asked for later.
#include <array>
#include <utility>

#include "client/lib/session.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::detail {

Result<void> Session::begin(Later& later, wire::RequestBody body) {
  const Until until{.deadline = sync::kNever, .interruptions = interruption_->count()};
  Lock lock(mutex_);
  if (is_gone_) {
    return gone_error();
  }
  flush_unsent();
  later.id = next_id_++;
  pending_.emplace(later.id, &later.pending);
  auto sent =
      send(lock, wire::encode(wire::Request{.id = later.id, .body = std::move(body)}), {}, until);
  if (!sent) {
    pending_.erase(later.id);
  }
  return sent;
}

bool Session::is_done(const Later& later) {
  Lock lock(mutex_);
  if (!later.pending.is_done && !is_reading_ && !is_gone_) {
    is_reading_ = true;
    read_packets(lock, nullptr);
    is_reading_ = false;
    changed_->notify_all();
  }
  return later.pending.is_done || is_gone_;
}

Result<wire::ReplyBody> Session::finish(Later& later) {
  const Until until{.deadline = sync::kNever, .interruptions = interruption_->count()};
  Lock lock(mutex_);
  auto done = await(lock, later.id, later.pending, until, false);
  later.is_over = done || done.error().code != Errc::cancelled;  // Interrupted, it goes on waiting.
  if (!done) {
    if (later.is_over) {
      pending_.erase(later.id);  // Whoever reads on must not find it.
    }
    return std::move(done).error();
  }
  if (later.pending.error) {
    return *std::move(later.pending.error);
  }
  return std::move(later.answer);
}

void Session::drop(Later& later) noexcept {
  bool was_granted = false;
  {
    Lock lock(mutex_);
    if (pending_.erase(later.id) == 0) {
      // It is being accepted by another thread, or was.
      changed_->wait(lock, [&] { return later.pending.is_done || is_gone_; });
      was_granted = later.pending.is_done && !later.pending.error && later.answer.has_value();
    }
  }
  if (was_granted) {
    give_back(*later.answer);
  } else {
    cancel(later);
  }
}

bool Session::take_once(std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  return taken_roots_.insert(id).second;
}

// What nobody waits for any more.
void Session::give_back(const wire::ReplyBody& body) {
  if (const auto* opened = std::get_if<wire::Opened>(&body)) {
    send_close(opened->handle);
  } else if (const auto* buffer = std::get_if<wire::OpenedBuffer>(&body)) {
    send_close(buffer->handle);
  } else if (const auto* queue = std::get_if<wire::OpenedQueue>(&body)) {
    send_close(queue->handle);
  } else if (const auto* lent = std::get_if<wire::Lent>(&body)) {
    for (const wire::Granted& token : lent->tokens) {
      send_soon(wire::Release{.token = token.token});
    }
  } else if (const auto* claimed = std::get_if<wire::Claimed>(&body)) {
    send_soon(wire::Release{.token = claimed->token});
  }
}

}  // namespace tenure::detail

// SPDX-License-Identifier: Apache-2.0
#include "client/lib/session.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <tuple>

#include "client/lib/connect_socket.hpp"
#include "client/lib/deadline.hpp"
#include "client/lib/fork_guard.hpp"
#include "proto/wire/codec.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::detail {
namespace {

using namespace std::chrono_literals;

// How long a poll lasts at most before its wait looks around again.
constexpr std::chrono::milliseconds kLookAround{1000};

int poll_milliseconds(sync::Deadline deadline) noexcept {
  const auto left = std::min<std::chrono::nanoseconds>(time_left(deadline), kLookAround);
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

// An open that was cancelled is answered at once by a broker that runs.
constexpr std::chrono::seconds kCancelled{5};

Error no_answer(const SocketPath& where) {
  return {.code = Errc::timed_out,
          .detail = where.path + ": the broker does not answer",
          .hint = "it may be stopped or overloaded"};
}

Error no_room_for_fds() {
  return {.code = Errc::too_many,
          .sys_errno = EMFILE,
          .detail = "this process can open no more file descriptors",
          .hint = "raise its limit (ulimit -n, RLIMIT_NOFILE), or attach less at once"};
}

}  // namespace

// A broker hangs up on who has connected and says no hello for two seconds: a process that was
// stopped just then tries again.
Result<std::shared_ptr<Session>> Session::open(const SessionContext& context,
                                               sync::Deadline deadline) {
  constexpr auto kLate = 1s;
  const auto begun = sync::monotonic_now();
  auto session = open_once(context, deadline);
  const bool is_late = sync::monotonic_now() - begun >= kLate;
  return !session && session.error().code == Errc::broker_gone && is_late
             ? open_once(context, deadline)
             : session;
}

Result<std::shared_ptr<Session>> Session::open_once(const SessionContext& context,
                                                    sync::Deadline deadline) {
  auto socket = connect_socket(context.where, deadline);
  if (!socket) {
    return std::move(socket).error();
  }
  std::shared_ptr<Session> session(new Session(*std::move(socket), context));
  // A broker that is there answers at once; one second even where the caller does not wait.
  const auto soon = sync::monotonic_now() + 1s;
  if (auto said = session->say_hello(context.client_name, std::max(deadline, soon)); !said) {
    return std::move(said).error();
  }
  return session;
}

Session::Session(OwnSocket socket, const SessionContext& context)
    : where_(context.where),
      interruption_(context.interruption),
      events_(context.events),
      generation_(fork_generation()),
      socket_(std::move(socket)) {
}

Session::~Session() {
  if (is_forked(generation_)) {
    std::ignore = changed_.release();
  }
}

Result<void> Session::say_hello(const std::string& client_name, sync::Deadline deadline) {
  auto welcome = ask<wire::Welcome>(wire::Hello{.client = client_name}, deadline);
  if (!welcome) {
    return std::move(welcome).error();
  }
  welcome_ = *std::move(welcome);
  events_->watch(socket_.get());
  return {};
}

Error Session::gone_error() const {
  return {.code = Errc::broker_gone,
          .detail = where_.path + " (" + where_.source + "): the broker hung up",
          .hint = "the data path goes on; control calls try again"};
}

bool Session::is_connected() const noexcept {
  ::pollfd socket{.fd = socket_.get(), .events = 0, .revents = 0};
  return ::poll(&socket, 1, 0) <= 0 || (socket.revents & (POLLHUP | POLLERR)) == 0;
}

bool Session::is_gone() noexcept {
  const std::scoped_lock lock(mutex_);
  return is_gone_;
}

Result<void> Session::call(wire::RequestBody body,
                           sync::Deadline deadline,
                           const Accept& accept,
                           std::span<const int> fds) {
  const bool is_cancellable = std::holds_alternative<wire::Open>(body) ||
                              std::holds_alternative<wire::Lend>(body) ||
                              std::holds_alternative<wire::WaitReturned>(body);
  const Until until{.deadline = deadline, .interruptions = interruption_->count()};
  Lock lock(mutex_);
  if (is_gone_) {
    return gone_error();
  }
  flush_unsent();
  const std::uint64_t id = next_id_++;
  const std::string packet = wire::encode(wire::Request{.id = id, .body = std::move(body)});
  if (packet.size() > wire::kMaxPacketBytes) {
    return Error{.code = Errc::bad_request,
                 .count = wire::kMaxPacketBytes,
                 .detail = "a request of " + std::to_string(packet.size()) + " bytes; at most " +
                           std::to_string(wire::kMaxPacketBytes)};
  }
  Pending pending{.accept = &accept};
  pending_.emplace(id, &pending);
  Result<void> done = send(lock, packet, fds, until);
  if (done) {
    done = await(lock, id, pending, until, is_cancellable);
  }
  pending_.erase(id);
  if (done && pending.error) {
    return *std::move(pending.error);
  }
  return done;
}

bool Session::is_interrupted(const Until& until) const noexcept {
  return interruption_->count() != until.interruptions;
}

// Waits until `pending` is settled. An answer that is being accepted right now is always awaited.
Result<void> Session::await(
    Lock& lock, std::uint64_t id, const Pending& pending, Until until, bool is_cancellable) {
  bool is_cancelled = false;
  while (!pending.is_done) {
    const bool is_waiting = pending_.contains(id);
    if (is_waiting && is_gone_) {
      return gone_error();
    }
    if (is_waiting && has_passed(until.deadline)) {
      return no_answer(where_);
    }
    if (is_waiting && !is_cancelled && is_interrupted(until)) {
      if (!is_cancellable) {
        return interrupted_error();
      }
      is_cancelled = true;
      // From here on a stopped broker is not waited for.
      until = {.deadline = std::min(until.deadline, sync::monotonic_now() + kCancelled),
               .interruptions = interruption_->count()};
      const std::string packet =
          wire::encode(wire::Request{.id = next_id_++, .body = wire::Cancel{.id = id}});
      if (auto sent = send(lock, packet, {}, until); !sent) {
        return sent;
      }
      continue;
    }
    wait_for_news(lock, until.deadline, &pending);
  }
  return {};
}

Result<void> Session::send(Lock& lock,
                           const std::string& bytes,
                           std::span<const int> fds,
                           const Until& until) {
  for (;;) {
    auto sent = os::send_packet(socket_.get(), bytes, fds);
    if (sent || sent.error().code == Errc::too_many) {
      return sent;
    }
    if (sent.error().code != Errc::full) {
      give_up();
      return gone_error();
    }
    if (has_passed(until.deadline)) {
      return no_answer(where_);
    }
    if (is_interrupted(until)) {
      return interrupted_error();
    }
    lock.unlock();
    std::array<::pollfd, 2> fds_to_poll{
        ::pollfd{.fd = socket_.get(), .events = POLLOUT, .revents = 0},
        ::pollfd{.fd = interruption_->fd(), .events = POLLIN, .revents = 0}};
    ::poll(fds_to_poll.data(), fds_to_poll.size(), poll_milliseconds(until.deadline));
    if (fds_to_poll[1].revents != 0) {
      interruption_->drain();
    }
    lock.lock();
  }
}

// Returns after something may have changed: a packet was read, by this thread or another; the
// deadline; an interruption; a second. Whoever waits for one answer says for which.
void Session::wait_for_news(Lock& lock, sync::Deadline deadline, const Pending* awaited) {
  if (is_reading_) {
    changed_->wait_for(lock, std::chrono::milliseconds(poll_milliseconds(deadline)));
    return;
  }
  is_reading_ = true;
  lock.unlock();
  std::array<::pollfd, 2> fds{::pollfd{.fd = socket_.get(), .events = POLLIN, .revents = 0},
                              ::pollfd{.fd = interruption_->fd(), .events = POLLIN, .revents = 0}};
  ::poll(fds.data(), fds.size(), poll_milliseconds(deadline));
  if (fds[1].revents != 0) {
    interruption_->drain();
  }
  lock.lock();
  if (fds[0].revents != 0) {
    read_packets(lock, awaited);
  }
  is_reading_ = false;
  changed_->notify_all();
}

// Reads what is there, but no further than the answer that is awaited if it is the last one: to
// find nothing more costs a verb a system call, and whoever waits next finds what is left.
void Session::read_packets(Lock& lock, const Pending* awaited) {
  lock.unlock();
  bool is_over = false;
  while (!is_over) {
    const auto no_fork = hold_off_fork();
    auto packet = os::receive_packet(socket_.get());
    if (packet) {
      dispatch(*std::move(packet));
      is_over = awaited != nullptr && is_last(*awaited);
    } else {
      is_over = true;
      if (packet.error().code != Errc::empty) {
        lock.lock();
        give_up();
        return;
      }
    }
  }
  lock.lock();
}

bool Session::is_last(const Pending& answer) {
  const std::scoped_lock lock(mutex_);
  return answer.is_done && pending_.empty();
}

void Session::dispatch(os::Packet&& packet) {
  auto message = wire::decode_message(packet.bytes);
  if (packet.is_truncated || (!message && message.error().code != Errc::unsupported)) {
    const std::scoped_lock lock(mutex_);
    give_up();  // Not a broker of ours: nothing that follows can be trusted.
    return;
  }
  if (!message) {
    return;  // An event of a kind that this release does not know.
  }
  if (auto* event = std::get_if<Event>(&*message)) {
    events_->push(std::move(*event));
  } else {
    auto reply = std::get<wire::Reply>(*std::move(message));
    if (packet.has_lost_fds) {
      give_back(reply.body);
      reply.body = no_room_for_fds();
    }
    settle(std::move(reply), std::move(packet.fds));
  }
  const std::scoped_lock lock(mutex_);
  ++news_;
}

void Session::settle(wire::Reply&& reply, std::vector<os::UniqueFd>&& fds) {
  Pending* pending = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    if (auto found = pending_.extract(reply.id); !found.empty()) {
      pending = found.mapped();
    }
  }
  if (pending == nullptr) {
    give_back(reply.body);
    return;
  }
  // Not under the mutex: accepting may fail, and then closes what it was given.
  if (auto* error = std::get_if<Error>(&reply.body)) {
    pending->error = std::move(*error);
  } else {
    (*pending->accept)(std::move(reply.body), std::move(fds));
  }
  const std::scoped_lock lock(mutex_);
  pending->is_done = true;
  changed_->notify_all();
}

void Session::give_up() noexcept {
  is_gone_ = true;
  events_->forget(socket_.get());
  changed_->notify_all();
}

void Session::send_soon(wire::RequestBody body) noexcept {
  const std::scoped_lock lock(mutex_);
  unsent_.push_back(std::move(body));
  flush_unsent();
}

void Session::flush_unsent() {
  while (!unsent_.empty() && !is_gone_) {
    const wire::Request request{.id = next_id_, .body = unsent_.front()};
    if (!os::send_packet(socket_.get(), wire::encode(request))) {
      return;  // Full: with the next request. Gone: the broker knows already.
    }
    ++next_id_;
    unsent_.pop_front();
  }
}

Result<void> Session::pump(sync::Deadline deadline, std::uint32_t interruptions) {
  const Until until{.deadline = deadline, .interruptions = interruptions};
  Lock lock(mutex_);
  const std::uint64_t before = news_;
  // An event that another thread has just read is among the packets counted above.
  while (news_ == before && events_->is_empty()) {
    if (is_gone_) {
      return gone_error();
    }
    if (is_interrupted(until)) {
      return interrupted_error();
    }
    wait_for_news(lock, deadline, nullptr);
    if (news_ == before && !is_gone_ && has_passed(deadline)) {
      return Error{.code = Errc::timed_out, .detail = "no event"};
    }
  }
  return {};
}

}  // namespace tenure::detail

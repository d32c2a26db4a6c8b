// SPDX-License-Identifier: Apache-2.0
// The sending half of a connection. File descriptors that nobody has read count against a limit
// that all processes of the broker's uid share: so one packet with fds is under way at a time.
#include <algorithm>
#include <array>

#include "daemon/io/connection.hpp"
#include "daemon/io/peer.hpp"
#include "daemon/io/server.hpp"
#include "proto/os/packet.hpp"

namespace tenure::io {
namespace {

constexpr std::size_t kMaxQueued = 1024;
constexpr std::size_t kMaxQueuedWithFds = 4;
constexpr std::chrono::milliseconds kFirstRetry{1};
constexpr std::chrono::milliseconds kLastRetry{64};

}  // namespace

bool Connection::takes_fds() const noexcept {
  return queued_with_fds_ < kMaxQueuedWithFds;
}

bool Connection::takes_events() const noexcept {
  return queue_.size() < kMaxQueued / 2;
}

void Connection::send(Outgoing packet) {
  if (!is_open_) {
    return;
  }
  if (queue_.size() >= kMaxQueued) {
    hang_up_soon("it does not read its answers");
    return;
  }
  queued_with_fds_ += packet.fds.empty() ? 0 : 1;
  queue_.push_back(std::move(packet));
  if (!is_waiting_to_send_) {
    pump();
  }
}

void Connection::pump() {
  while (is_open_ && !queue_.empty()) {
    const Outgoing& next = queue_.front();
    const int socket = socket_.native_handle();
    if (!next.fds.empty() && has_sent_fds_) {
      if (has_unread(socket)) {
        pump_later();
        return;
      }
      has_sent_fds_ = false;
    }
    std::array<int, wire::kMaxFds> fds{};
    std::ranges::transform(next.fds, fds.begin(), [](const auto& fd) { return fd->get(); });
    const auto sent = os::send_packet(socket, next.bytes, std::span(fds).first(next.fds.size()));
    if (!sent && sent.error().code == Errc::full) {
      pump_when_writable();
      return;
    }
    if (!sent && sent.error().code == Errc::too_many) {
      pump_later();
      return;
    }
    if (!sent) {
      drop_queue();
      if (sent.error().code != Errc::broker_gone) {  // Else the reading half meets the same end.
        hang_up_soon(sent.error().message());
      }
      return;
    }
    server_.count_bytes(next.bytes.size());
    retry_after_ = kFirstRetry;
    pop();
  }
}

void Connection::pop() {
  const bool had_fds = !queue_.front().fds.empty();
  const bool took_none = !takes_fds();
  queue_.pop_front();
  if (had_fds) {
    has_sent_fds_ = true;
    --queued_with_fds_;
  }
  if (took_none && takes_fds()) {
    // Not from here: the service may be in the middle of something.
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
      if (self->is_open_) {
        self->server_.service().go_on(self->session_);
      }
    });
  }
  reads_on_.cancel();
}

void Connection::drop_queue() {
  queue_.clear();
  queued_with_fds_ = 0;
  reads_on_.cancel();
}

// Not at once: the service may be in the middle of something.
void Connection::hang_up_soon(std::string fault) {
  asio::post(socket_.get_executor(),
             [self = shared_from_this(), fault = std::move(fault)] { self->hang_up_for(fault); });
}

void Connection::pump_later() {
  is_waiting_to_send_ = true;
  retry_.expires_after(retry_after_);
  retry_after_ = std::min(retry_after_ * 2, kLastRetry);
  retry_.async_wait([self = shared_from_this()](const boost::system::error_code&) {
    self->is_waiting_to_send_ = false;
    self->pump();
  });
}

void Connection::pump_when_writable() {
  is_waiting_to_send_ = true;
  socket_.async_wait(Socket::wait_write,
                     [self = shared_from_this()](const boost::system::error_code&) {
                       self->is_waiting_to_send_ = false;
                       self->pump();
                     });
}

}  // namespace tenure::io

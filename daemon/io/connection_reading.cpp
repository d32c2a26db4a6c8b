// SPDX-License-Identifier: Apache-2.0
// The reading half of a connection.
#include <fcntl.h>

#include <utility>

#include "daemon/io/connection.hpp"
#include "daemon/io/server.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::io {
namespace {

// So many answers may wait before no more requests are read; events come on top.
constexpr std::size_t kMaxQueuedAnswers = wire::kMaxRequestsInFlight;
constexpr std::size_t kMostAtDeath = 1024;  // More than a socket's buffer has room for.

bool has_schema_fd(const wire::Request& request) {
  return std::visit(
      [](const auto& body) {
        if constexpr (requires { body.schema_in_fd; }) {
          return body.schema_in_fd;
        } else {
          return false;
        }
      },
      request.body);
}

}  // namespace

// One packet per turn: a busy client delays the others by no more than that.
asio::awaitable<void> Connection::read(std::shared_ptr<Connection> self) {
  boost::system::error_code error;
  while (self->is_open_) {
    if (!self->reads_on()) {
      self->reads_on_.expires_at(asio::steady_timer::time_point::max());
      co_await self->reads_on_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    co_await self->socket_.async_wait(Socket::wait_read,
                                      asio::redirect_error(asio::use_awaitable, error));
    if (!error && self->is_open_ && self->reads_on()) {
      self->receive();
    }
  }
}

bool Connection::reads_on() const noexcept {
  return queue_.size() < kMaxQueuedAnswers && takes_fds() && !is_receiving_aside_ &&
         !server_.is_draining();
}

void Connection::receive() {
  auto arrival = receive_without_fds(socket_.native_handle());
  if (!arrival && arrival.error().code == Errc::broker_gone) {
    // A peer that closed with answers unread resets the connection: said once, then come the
    // packets that it sent before.
    arrival = receive_without_fds(socket_.native_handle());
  }
  if (!arrival) {
    if (arrival.error().code != Errc::empty) {
      hang_up();
    }
  } else if (*arrival) {
    take(**std::move(arrival));
  } else {
    receive_aside();
  }
}

// What it sent while it lived comes first: a region that it gave back is not that of a dead writer.
// Not what has file descriptors, which is answered to nobody.
void Connection::receive_the_rest() {
  bool was_reset = false;
  for (std::size_t i = 0; i < kMostAtDeath && is_open_ && !is_receiving_aside_; ++i) {
    auto arrival = receive_without_fds(socket_.native_handle());
    if (arrival && *arrival) {
      take(**std::move(arrival));
    } else if (arrival || was_reset || arrival.error().code != Errc::broker_gone) {
      return;
    } else {
      was_reset = true;  // As in receive().
    }
  }
}

// The session takes no other packet meanwhile: a client can keep one thread busy per session.
void Connection::receive_aside() {
  const auto socket =
      std::make_shared<os::UniqueFd>(::fcntl(socket_.native_handle(), F_DUPFD_CLOEXEC, 0));
  if (!*socket) {
    hang_up_for("a file descriptor came, and the broker has none left");
    return;
  }
  is_receiving_aside_ = true;
  const auto arrival = std::make_shared<std::optional<Arrival>>();
  server_.run_aside(
      identity_.uid,
      [socket, arrival] {
        if (auto received = receive_with_fds(socket->get())) {
          *arrival = *std::move(received);
        }
        socket->reset();
      },
      [self = shared_from_this(), arrival] {
        self->is_receiving_aside_ = false;
        self->reads_on_.cancel();
        if (self->is_open_ && *arrival) {
          self->take(std::move(**arrival));
        }
      });
}

void Connection::take(Arrival arrival) {
  server_.count_bytes(arrival.bytes.size());
  if (arrival.is_truncated) {
    hang_up_for("a packet of too many bytes or file descriptors");
    return;
  }
  auto decoded = wire::decode_request(arrival.bytes);
  if (auto* bad = std::get_if<wire::BadRequest>(&decoded)) {
    if (bad->fatal || session_ == 0 || arrival.fd_count != 0) {
      answer_and_hang_up(bad->id, std::move(bad->error));
    } else {
      server_.service().refuse(session_, bad->id, std::move(bad->error));
    }
    return;
  }
  take_request(std::get<wire::Request>(std::move(decoded)), std::move(arrival));
}

void Connection::take_request(wire::Request request, Arrival arrival) {
  const std::size_t expected_fds = has_schema_fd(request) ? 1 : 0;
  if (arrival.fd_count != expected_fds) {
    answer_and_hang_up(request.id,
                       {.code = Errc::bad_request,
                        .detail = std::to_string(arrival.fd_count) + " file descriptors came, " +
                                  std::to_string(expected_fds) + " belong here"});
    return;
  }
  if (session_ == 0) {
    const auto* hello = std::get_if<wire::Hello>(&request.body);
    if (hello == nullptr) {
      answer_and_hang_up(request.id,
                         {.code = Errc::bad_request, .detail = "op: hello comes first"});
      return;
    }
    greet(*hello, request.id);
    return;
  }
  if (auto proof = check_proof(arrival); !proof) {
    answer_and_hang_up(request.id, proof.error());
    return;
  }
  server_.service().execute(session_, std::move(request), std::move(arrival.schema));
}

}  // namespace tenure::io

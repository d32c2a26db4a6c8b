// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/connection.hpp"

#include <utility>

#include "daemon/io/peer.hpp"
#include "daemon/io/server.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::io {
namespace {

// So many answers may wait before no more requests are read; events come on top.
constexpr std::size_t kMaxQueuedAnswers = wire::kMaxRequestsInFlight;

// Closing gives the fd back whatever it answers.
template <class Closable>
void close_quietly(Closable& closable) {
  boost::system::error_code ignored;
  static_cast<void>(closable.close(ignored));
}

}  // namespace

Connection::Connection(Server& server, asio::io_context& context, Arrival arrival)
    : server_(server),
      socket_(context, asio::generic::seq_packet_protocol(AF_UNIX, 0), arrival.socket.release()),
      process_(context),
      deadline_(context),
      retry_(context),
      drained_(context),
      identity_(std::move(arrival.identity)) {
  if (arrival.pidfd) {
    process_.assign(arrival.pidfd.release());
  }
}

void Connection::start(std::optional<Error> refusal) {
  refusal_ = std::move(refusal);
  deadline_.expires_after(wire::kHelloTimeout);
  deadline_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && self->session_ == 0) {
      self->hang_up_for("no hello in time");
    }
  });
  asio::co_spawn(socket_.get_executor(), read(shared_from_this()), asio::detached);
}

// One packet per turn: a busy client delays the others by no more than that.
asio::awaitable<void> Connection::read(std::shared_ptr<Connection> self) {
  boost::system::error_code error;
  while (self->is_open_) {
    if (self->queue_.size() >= kMaxQueuedAnswers) {
      self->drained_.expires_at(asio::steady_timer::time_point::max());
      co_await self->drained_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    co_await self->socket_.async_wait(Socket::wait_read,
                                      asio::redirect_error(asio::use_awaitable, error));
    if (error || !self->is_open_) {
      continue;
    }
    if (auto packet = self->receive()) {
      self->take(*std::move(packet));
    }
  }
}

std::optional<os::Packet> Connection::receive() {
  auto packet = os::receive_packet(socket_.native_handle());
  if (!packet && packet.error().code == Errc::broker_gone) {
    // A peer that closed with answers unread resets the connection: said once, then come the
    // packets that it sent before.
    packet = os::receive_packet(socket_.native_handle());
  }
  if (packet) {
    return *std::move(packet);
  }
  if (packet.error().code != Errc::empty) {
    hang_up();
  }
  return std::nullopt;
}

void Connection::take(os::Packet packet) {
  server_.count_bytes(packet.bytes.size());
  if (packet.is_truncated) {
    hang_up_for("a packet of too many bytes or file descriptors");
    return;
  }
  auto decoded = wire::decode_request(packet.bytes);
  if (auto* bad = std::get_if<wire::BadRequest>(&decoded)) {
    if (bad->fatal || session_ == 0 || !packet.fds.empty()) {
      answer_and_hang_up(bad->id, std::move(bad->error));
    } else {
      server_.service().refuse(session_, bad->id, std::move(bad->error));
    }
    return;
  }
  take_request(std::get<wire::Request>(std::move(decoded)), packet);
}

void Connection::take_request(wire::Request request, os::Packet& packet) {
  const auto* create = std::get_if<wire::CreateTopic>(&request.body);
  const std::size_t expected_fds = create != nullptr && create->schema_in_fd ? 1 : 0;
  if (packet.fds.size() != expected_fds) {
    answer_and_hang_up(request.id,
                       {.code = Errc::bad_request,
                        .detail = std::to_string(packet.fds.size()) + " file descriptors came, " +
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
  if (auto proof = check_proof(packet); !proof) {
    answer_and_hang_up(request.id, proof.error());
    return;
  }
  server_.service().execute(session_, std::move(request), std::move(packet.fds));
}

void Connection::greet(const wire::Hello& hello, std::uint64_t request) {
  if (refusal_) {
    answer_and_hang_up(request, *std::move(refusal_));
    return;
  }
  if (hello.min_version > wire::kProtocolVersion || hello.max_version < wire::kProtocolVersion) {
    const std::string ours = std::to_string(wire::kProtocolVersion);
    answer_and_hang_up(
        request,
        {.code = Errc::too_old,
         .detail = "the client speaks versions " + std::to_string(hello.min_version) + " to " +
                   std::to_string(hello.max_version) + ", this broker " + ours + " to " + ours,
         .hint = "upgrade the older side"});
    return;
  }
  identity_.name = printable_name(hello.client);
  if (auto found = find_process(); !found) {
    answer_and_hang_up(request, found.error());
    return;
  }
  auto admitted = server_.admit(shared_from_this());
  if (!admitted) {
    answer_and_hang_up(request, admitted.error());
    return;
  }
  session_ = *admitted;
  deadline_.cancel();
  process_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (!error) {
                          self->on_death();
                        }
                      });
  server_.service().welcome(session_, request);
}

Result<void> Connection::find_process() {
  if (process_.is_open()) {
    return {};
  }
  auto pidfd = open_pidfd(identity_.pid);
  if (!pidfd) {
    return pidfd.error();
  }
  process_.assign(pidfd->release());
  needs_proof_ = true;
  return {};
}

// The process that sent this packet has the pid that connected, and the one that is watched has not
// died: they are the same.
Result<void> Connection::check_proof(const os::Packet& packet) {
  if (!needs_proof_) {
    return {};
  }
  if (!packet.credentials || packet.credentials->pid != identity_.pid ||
      packet.credentials->uid != identity_.uid || !is_alive(process_.native_handle())) {
    return Error{.code = Errc::denied,
                 .detail = "this packet is not from the process that connected"};
  }
  needs_proof_ = false;
  return {};
}

void Connection::answer_and_hang_up(std::uint64_t request, Error error) {
  const std::string fault = error.message();
  send({.bytes = wire::encode(wire::Reply{.id = request, .body = std::move(error)}), .fds = {}});
  hang_up_for(fault);
}

void Connection::hang_up_for(const std::string& fault) {
  if (is_open_) {
    server_.log_fault(*this, fault);
    hang_up();
  }
}

void Connection::hang_up() {
  if (!is_open_) {
    return;
  }
  const auto self = shared_from_this();
  if (session_ == 0) {
    close_quietly(process_);
    close();
    server_.forget(self);
    return;
  }
  close();
  if (!process_.is_open()) {
    return;
  }
  if (server_.service().hang_up(session_)) {
    close_quietly(process_);
    server_.forget(self);
    return;
  }
  // Most dying processes hang up a moment before they are dead.
  deadline_.expires_after(wire::kHangUpGrace);
  deadline_.async_wait([self](const boost::system::error_code& error) {
    if (!error && self->process_.is_open()) {
      self->server_.service().set_disconnected(self->session_);
    }
  });
}

void Connection::on_death() {
  const auto self = shared_from_this();
  close_quietly(process_);
  deadline_.cancel();
  close();
  server_.service().end(session_);
  server_.forget(self);
}

void Connection::abandon() {
  close_quietly(process_);
  close();
}

void Connection::close() {
  is_open_ = false;
  close_quietly(socket_);
  retry_.cancel();
  deadline_.cancel();
  drop_queue();
}

}  // namespace tenure::io

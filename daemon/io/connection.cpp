// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/connection.hpp"

#include <utility>

#include "daemon/io/peer.hpp"
#include "daemon/io/server.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::io {
namespace {

// Closing gives the fd back whatever it answers.
template <class Closable>
void close_quietly(Closable& closable) {
  boost::system::error_code ignored;
  static_cast<void>(closable.close(ignored));
}

// An fd that cannot be watched stays with `fd`, and is closed by it.
template <class Descriptor, class... Protocol>
bool watch(Descriptor& descriptor, os::UniqueFd& fd, Protocol... protocol) {
  boost::system::error_code refused;
  static_cast<void>(descriptor.assign(protocol..., fd.get(), refused));
  if (!refused) {
    static_cast<void>(fd.release());
  }
  return !refused;
}

}  // namespace

Connection::Connection(Server& server, asio::io_context& context, Accepted accepted)
    : server_(server),
      socket_(context),
      process_(context),
      deadline_(context),
      retry_(context),
      reads_on_(context),
      identity_(std::move(accepted.identity)),
      callers_(accepted.callers) {
  is_open_ = watch(socket_, accepted.socket, asio::generic::seq_packet_protocol(AF_UNIX, 0)) &&
             (!accepted.pidfd || watch(process_, accepted.pidfd));
}

void Connection::start(std::optional<Error> refusal) {
  if (!is_open_) {
    is_open_ = true;
    hang_up_for("the broker cannot watch its socket");
    return;
  }
  refusal_ = std::move(refusal);
  deadline_.expires_after(wire::kHelloTimeout);
  deadline_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && self->session_ == 0) {
      self->hang_up_for("no hello in time");
    }
  });
  asio::co_spawn(socket_.get_executor(), read(shared_from_this()), asio::detached);
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
  allow_fds(socket_.native_handle(), true);
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
  if (!watch(process_, *pidfd)) {
    return Error{.code = Errc::too_many, .detail = "the broker cannot watch the client's process"};
  }
  needs_proof_ = true;
  return {};
}

// The process that sent this packet has the pid that connected, and the one that is watched has not
// died: they are the same.
Result<void> Connection::check_proof(const Arrival& arrival) {
  if (!needs_proof_) {
    return {};
  }
  if (!arrival.credentials || arrival.credentials->pid != identity_.pid ||
      arrival.credentials->uid != identity_.uid || !is_alive(process_.native_handle())) {
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
  receive_the_rest();
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
  if (socket_.is_open()) {
    boost::system::error_code ignored;
    server_.close_socket(os::UniqueFd(socket_.release(ignored)), identity_.uid);
  }
  retry_.cancel();
  deadline_.cancel();
  drop_queue();
}

}  // namespace tenure::io

// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/server.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/io/peer.hpp"

namespace tenure::io {
namespace {

constexpr std::uint32_t kUnmappedUid = 65534;
constexpr std::uint32_t kMaxStrangersPerUid = 256;
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(asio::io_context& context, ServerOptions options) {
  auto listen = ListenSocket::bind(options.socket);
  if (!listen) {
    return listen.error();
  }
  return std::unique_ptr<Server>(new Server(context, std::move(options), std::move(*listen)));
}

Server::Server(asio::io_context& context, ServerOptions options, ListenSocket listen)
    : context_(context),
      options_(std::move(options)),
      listen_(std::move(listen)),
      acceptor_(context, listen_.fd()),
      pause_(context),
      service_(context, *this, options_.limits, options_.log) {
  asio::co_spawn(context_, accept_all(), asio::detached);
}

Server::~Server() {
  if (acceptor_.is_open()) {
    acceptor_.release();  // listen_ closes it.
  }
}

asio::awaitable<void> Server::accept_all() {
  boost::system::error_code error;
  while (acceptor_.is_open()) {
    co_await acceptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                                  asio::redirect_error(asio::use_awaitable, error));
    if (error || !acceptor_.is_open()) {
      continue;
    }
    os::UniqueFd socket(
        ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      accept(std::move(socket));
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      options_.log->warn("accept_failed error=\"{}\"", std::strerror(errno));
      pause_.expires_after(kAcceptPause);  // The client still knocks: not in a tight loop.
      co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

void Server::accept(os::UniqueFd socket) {
  auto identity = read_identity(socket.get());
  auto pidfd = read_pidfd(socket.get());
  if (!identity || !pidfd) {
    options_.log->warn("session_refused error=\"{}\"",
                       (identity ? pidfd.error() : identity.error()).message());
    return;
  }
  if (!*pidfd) {
    request_credentials(socket.get());
  }
  std::uint32_t& strangers = strangers_[identity->uid];
  if (strangers >= kMaxStrangersPerUid) {
    options_.log->warn("session_refused uid={} error=\"too many without a hello\"", identity->uid);
    return;
  }
  ++strangers;
  std::optional<Error> refusal;
  if (identity->uid == kUnmappedUid && !options_.allow_unmapped_uid) {
    refusal = Error{.code = Errc::denied,
                    .detail = "uid 65534 stands for every uid that is not mapped here",
                    .hint = "tenured --allow-unmapped-uid lets it in"};
  }
  const auto connection =
      std::make_shared<Connection>(*this,
                                   context_,
                                   Connection::Arrival{.socket = std::move(socket),
                                                       .pidfd = *std::move(pidfd),
                                                       .identity = *std::move(identity)});
  connections_.insert(connection);
  connection->start(std::move(refusal));
}

Result<std::uint32_t> Server::admit(const std::shared_ptr<Connection>& connection) {
  auto session = service_.admit(connection->identity());
  if (session) {
    sessions_.emplace(*session, connection);
    --strangers_[connection->identity().uid];
  }
  return session;
}

void Server::forget(const std::shared_ptr<Connection>& connection) {
  if (connections_.erase(connection) == 0) {
    return;
  }
  const std::uint32_t uid = connection->identity().uid;
  if (connection->session() == 0) {
    --strangers_[uid];
  }
  if (strangers_[uid] == 0) {
    strangers_.erase(uid);
  }
  sessions_.erase(connection->session());
}

void Server::log_fault(const Connection& connection, const std::string& fault) {
  options_.log->warn("client_at_fault session={} uid={} pid={} fault=\"{}\"",
                     connection.session(),
                     connection.identity().uid,
                     connection.identity().pid,
                     fault);
}

void Server::send(std::uint32_t session, Outgoing packet) {
  if (const auto found = sessions_.find(session); found != sessions_.end()) {
    found->second->send(std::move(packet));
  }
}

void Server::drain() {
  if (is_draining_) {
    return;
  }
  is_draining_ = true;
  acceptor_.release();
  listen_.close();
  pause_.cancel();
  on_idle();
}

void Server::on_idle() {
  if (is_draining_ && service_.is_idle()) {
    hang_up_all();
  }
}

void Server::hang_up_all() {
  service_.stop();
  for (const auto& connection : std::exchange(connections_, {})) {
    connection->abandon();
  }
  sessions_.clear();
}

}  // namespace tenure::io

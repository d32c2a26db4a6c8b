// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/server.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/io/arrival.hpp"
#include "daemon/io/log_text.hpp"
#include "daemon/io/peer.hpp"

namespace tenure::io {
namespace {

constexpr std::uint32_t kUnmappedUid = 65534;
constexpr std::uint32_t kMaxStrangersPerUid = 256;
constexpr std::uint64_t kFdsPerStranger = 2;  // Socket and pidfd, or a socket and what came by it.
constexpr std::uint64_t kStrangersShare = 8;  // One in so many file descriptors is for strangers.
constexpr std::chrono::milliseconds kAcceptPause{100};

std::uint64_t max_strangers(const core::Limits& limits) noexcept {
  return limits.fds / kStrangersShare / kFdsPerStranger;
}

core::Limits without_strangers(core::Limits limits) noexcept {
  limits.fds -= max_strangers(limits) * kFdsPerStranger;
  return limits;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(asio::io_context& context, ServerOptions options) {
  std::vector<ListenSocket> sockets;
  for (const Callers callers : {Callers::everybody, Callers::administrators}) {
    const std::string& path = callers == Callers::everybody ? options.socket : options.admin_socket;
    if (callers == Callers::administrators && path.empty()) {
      break;
    }
    auto listen = ListenSocket::bind(path, callers);
    if (!listen) {
      return listen.error();
    }
    sockets.push_back(*std::move(listen));
  }
  return std::unique_ptr<Server>(new Server(context, std::move(options), std::move(sockets)));
}

Server::Door::Door(asio::io_context& context, ListenSocket socket)
    : listen(std::move(socket)), acceptor(context, listen.fd()), pause(context) {
}

Server::Server(asio::io_context& context, ServerOptions options, std::vector<ListenSocket> sockets)
    : context_(context),
      options_(std::move(options)),
      service_(context, *this, without_strangers(options_.limits), options_.log),
      aside_(context) {
  for (ListenSocket& socket : sockets) {
    Door& door = doors_.emplace_back(context_, std::move(socket));
    allow_fds(door.listen.fd(), false);
    asio::co_spawn(context_, accept_all(door), asio::detached);
  }
}

Server::~Server() {
  for (Door& door : doors_) {
    if (door.acceptor.is_open()) {
      door.acceptor.release();  // Its socket closes it.
    }
  }
}

asio::awaitable<void> Server::accept_all(Door& door) {
  boost::system::error_code error;
  while (door.acceptor.is_open()) {
    co_await door.acceptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                      asio::redirect_error(asio::use_awaitable, error));
    if (error || !door.acceptor.is_open()) {
      continue;
    }
    os::UniqueFd socket(
        ::accept4(door.acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      accept(std::move(socket), door.listen.callers());
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      options_.log->warn("accept_failed error={}", quoted(std::strerror(errno)));
      door.pause.expires_after(kAcceptPause);  // The client still knocks: not in a tight loop.
      co_await door.pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

void Server::accept(os::UniqueFd socket, Callers callers) {
  auto identity = read_identity(socket.get());
  auto pidfd = read_pidfd(socket.get());
  if (!identity || !pidfd) {
    options_.log->warn("session_refused error={}",
                       quoted((identity ? pidfd.error() : identity.error()).message()));
    return;
  }
  if (auto refused = check_strangers(identity->uid);
      refused || !request_credentials(socket.get())) {
    options_.log->warn("session_refused uid={} error={}",
                       identity->uid,
                       quoted(refused ? refused->message() : "SO_PASSCRED is refused"));
    return;
  }
  add_stranger(identity->uid);
  std::optional<Error> refusal;
  if (identity->uid == kUnmappedUid && !options_.allow_unmapped_uid) {
    refusal = Error{.code = Errc::denied,
                    .detail = "uid 65534 stands for every uid that is not mapped here",
                    .hint = "tenured --allow-unmapped-uid lets it in"};
  }
  const auto connection =
      std::make_shared<Connection>(*this,
                                   context_,
                                   Connection::Accepted{.socket = std::move(socket),
                                                        .pidfd = *std::move(pidfd),
                                                        .identity = *std::move(identity),
                                                        .callers = callers});
  connections_.insert(connection);
  connection->start(std::move(refusal));
}

Result<std::uint32_t> Server::admit(const std::shared_ptr<Connection>& connection) {
  auto session = service_.admit(connection->identity());
  if (session) {
    sessions_.emplace(*session, connection);
    remove_stranger(connection->identity().uid);
  }
  return session;
}

void Server::forget(const std::shared_ptr<Connection>& connection) {
  if (connections_.erase(connection) == 0) {
    return;
  }
  if (connection->session() == 0) {
    remove_stranger(connection->identity().uid);
  }
  sessions_.erase(connection->session());
}

std::optional<Error> Server::check_strangers(std::uint32_t uid) const {
  const auto found = strangers_.find(uid);
  if (found != strangers_.end() && found->second >= kMaxStrangersPerUid) {
    return Error{.code = Errc::too_many, .detail = "connections of this uid without a hello"};
  }
  if (stranger_count_ >= max_strangers(options_.limits)) {
    return Error{.code = Errc::too_many, .detail = "connections without a hello"};
  }
  return std::nullopt;
}

void Server::add_stranger(std::uint32_t uid) {
  ++strangers_[uid];
  ++stranger_count_;
}

void Server::remove_stranger(std::uint32_t uid) {
  --stranger_count_;
  const auto found = strangers_.find(uid);
  if (--found->second == 0) {
    strangers_.erase(found);
  }
}

void Server::run_aside(std::uint32_t uid, std::function<void()> work, std::function<void()> done) {
  add_stranger(uid);
  aside_.run(std::move(work), [this, uid, done = std::move(done)] {
    remove_stranger(uid);
    done();
  });
}

// Packets that nobody has read may carry file descriptors, which close with the socket.
void Server::close_socket(os::UniqueFd socket, std::uint32_t uid) {
  ::shutdown(socket.get(), SHUT_RD);  // Nothing comes in after this.
  if (has_packets(socket.get())) {
    ::shutdown(socket.get(), SHUT_RDWR);  // The client need not wait for the close.
    const auto kept = std::make_shared<os::UniqueFd>(std::move(socket));
    run_aside(uid, [kept] { kept->reset(); }, [] {});
  }
}

void Server::log_fault(const Connection& connection, const std::string& fault) {
  options_.log->warn("client_at_fault session={} uid={} pid={} fault={}",
                     connection.session(),
                     connection.identity().uid,
                     connection.identity().pid,
                     quoted(fault));
}

void Server::send(std::uint32_t session, Outgoing packet) {
  if (const auto found = sessions_.find(session); found != sessions_.end()) {
    found->second->send(std::move(packet));
  }
}

bool Server::takes_fds(std::uint32_t session) const {
  const auto found = sessions_.find(session);
  return found == sessions_.end() || found->second->takes_fds();
}

bool Server::takes_events(std::uint32_t session) const {
  const auto found = sessions_.find(session);
  return found == sessions_.end() || found->second->takes_events();
}

bool Server::is_administrator(std::uint32_t session) const {
  const auto found = sessions_.find(session);
  return found != sessions_.end() && found->second->is_administrator();
}

void Server::drain(std::function<void()> on_end) {
  if (is_draining_) {
    return;
  }
  is_draining_ = true;
  on_end_ = std::move(on_end);
  for (Door& door : doors_) {
    door.acceptor.release();
    door.listen.close();
    door.pause.cancel();
  }
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
  std::exchange(on_end_, [] {})();
}

}  // namespace tenure::io

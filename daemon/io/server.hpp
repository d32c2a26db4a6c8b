// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/io/aside.hpp"
#include "daemon/io/asio.hpp"
#include "daemon/io/connection.hpp"
#include "daemon/io/listen_socket.hpp"
#include "daemon/io/service.hpp"

namespace tenure::io {

/// How a broker runs.
struct ServerOptions {
  std::string socket;
  std::string admin_socket = {};  ///< For administrators; empty: none.
  core::Limits limits;
  bool allow_unmapped_uid = false;  ///< uid 65534: processes of a user namespace without a mapping.
  std::shared_ptr<spdlog::logger> log;
};

/// A broker on a socket: lets clients in and leads packets to the service and back.
///
/// Threads: the one that runs `context`, of which there must be one.
class Server : private Service::Outlet {
 public:
  /// Errors: those of ListenSocket::bind
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(asio::io_context& context,
                                                             ServerOptions options);
  ~Server() override;

  [[nodiscard]] const std::string& socket() const noexcept { return options_.socket; }
  /// Stops listening and reading, finishes what the slow thread does, answers it, hangs up; then
  /// calls `on_end`, and the io_context runs out of work.
  void drain(std::function<void()> on_end = [] {});
  /// Does not wait for the slow thread to hang up. After drain().
  void hang_up_all();
  [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }

  // ---- for connections

  [[nodiscard]] Service& service() noexcept { return service_; }
  [[nodiscard]] Result<std::uint32_t> admit(const std::shared_ptr<Connection>& connection);
  void forget(const std::shared_ptr<Connection>& connection);
  void count_bytes(std::size_t bytes) noexcept { control_bytes_ += bytes; }
  /// Aside::run(); counted as one more stranger of `uid` meanwhile.
  void run_aside(std::uint32_t uid, std::function<void()> work, std::function<void()> done);
  void close_socket(os::UniqueFd socket, std::uint32_t uid);
  /// A client that breaks the protocol, once.
  void log_fault(const Connection& connection, const std::string& fault);

 private:
  // One of the sockets that clients knock at.
  struct Door {
    Door(asio::io_context& context, ListenSocket socket);
    ListenSocket listen;
    asio::posix::stream_descriptor acceptor;
    asio::steady_timer pause;
  };
  Server(asio::io_context& context, ServerOptions options, std::vector<ListenSocket> sockets);
  [[nodiscard]] asio::awaitable<void> accept_all(Door& door);
  void accept(os::UniqueFd socket, Callers callers);
  [[nodiscard]] std::optional<Error> check_strangers(std::uint32_t uid) const;
  void add_stranger(std::uint32_t uid);
  void remove_stranger(std::uint32_t uid);
  void send(std::uint32_t session, Outgoing packet) override;
  [[nodiscard]] std::uint64_t control_bytes() const noexcept override { return control_bytes_; }
  [[nodiscard]] bool takes_fds(std::uint32_t session) const override;
  [[nodiscard]] bool takes_events(std::uint32_t session) const override;
  [[nodiscard]] bool is_administrator(std::uint32_t session) const override;
  void on_idle() override;

  asio::io_context& context_;
  ServerOptions options_;
  std::list<Door> doors_;
  std::uint64_t control_bytes_ = 0;
  bool is_draining_ = false;
  std::function<void()> on_end_;
  std::set<std::shared_ptr<Connection>> connections_;
  std::map<std::uint32_t, std::shared_ptr<Connection>> sessions_;
  // Connected without a hello yet, or something of theirs is run aside: per uid, and in all.
  std::map<std::uint32_t, std::uint32_t> strangers_;
  std::uint64_t stranger_count_ = 0;
  Service service_;
  Aside aside_;  // Last: its jobs refer to the rest.
};

}  // namespace tenure::io

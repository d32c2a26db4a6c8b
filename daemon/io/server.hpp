// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "daemon/io/asio.hpp"
#include "daemon/io/connection.hpp"
#include "daemon/io/listen_socket.hpp"
#include "daemon/io/service.hpp"

namespace tenure::io {

/// How a broker runs.
struct ServerOptions {
  std::string socket;
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

  [[nodiscard]] const std::string& socket() const noexcept { return listen_.path(); }
  /// Stops listening, finishes what the slow thread does, answers it, hangs up. The io_context runs
  /// out of work then.
  void drain();

  // ---- for connections

  [[nodiscard]] Service& service() noexcept { return service_; }
  [[nodiscard]] Result<std::uint32_t> admit(const std::shared_ptr<Connection>& connection);
  void forget(const std::shared_ptr<Connection>& connection);
  void count_bytes(std::size_t bytes) noexcept { control_bytes_ += bytes; }
  /// A client that breaks the protocol, once.
  void log_fault(const Connection& connection, const std::string& fault);

 private:
  Server(asio::io_context& context, ServerOptions options, ListenSocket listen);
  [[nodiscard]] asio::awaitable<void> accept_all();
  void accept(os::UniqueFd socket);
  void send(std::uint32_t session, Outgoing packet) override;
  [[nodiscard]] std::uint64_t control_bytes() const noexcept override { return control_bytes_; }
  void on_idle() override;
  void hang_up_all();

  asio::io_context& context_;
  ServerOptions options_;
  ListenSocket listen_;
  asio::posix::stream_descriptor acceptor_;
  asio::steady_timer pause_;
  std::uint64_t control_bytes_ = 0;
  bool is_draining_ = false;
  std::set<std::shared_ptr<Connection>> connections_;
  std::map<std::uint32_t, std::shared_ptr<Connection>> sessions_;
  std::map<std::uint32_t, std::uint32_t> strangers_;  // Per uid: connected, no hello yet.
  Service service_;
};

}  // namespace tenure::io

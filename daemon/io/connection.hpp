// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "daemon/core/types.hpp"
#include "daemon/io/arrival.hpp"
#include "daemon/io/asio.hpp"
#include "daemon/io/listen_socket.hpp"
#include "daemon/io/outgoing.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::io {

class Server;

/// One client's socket, and its process from `hello` on: reads requests, sends answers, notices the
/// end. It never waits for the client. Threads: the io_context's.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// What came with a new socket. Without a pidfd, the process has to be proven.
  struct Accepted {
    os::UniqueFd socket;
    os::UniqueFd pidfd;
    core::Identity identity;
    Callers callers = Callers::everybody;  ///< For whom the socket is that it came by.
  };
  Connection(Server& server, asio::io_context& context, Accepted accepted);

  /// Reads until the end. `refusal`: what the client's hello is answered with.
  void start(std::optional<Error> refusal);
  /// Sends now, or when the client has read enough. A client that lets too much pile up is hung up.
  void send(Outgoing packet);
  /// Hangs up without a word to the service: the broker ends.
  void abandon();

  /// Whether few enough packets with file descriptors are queued.
  [[nodiscard]] bool takes_fds() const noexcept;
  /// Whether few enough packets are queued for one more that it did not ask for.
  [[nodiscard]] bool takes_events() const noexcept;
  [[nodiscard]] std::uint32_t session() const noexcept { return session_; }
  [[nodiscard]] const core::Identity& identity() const noexcept { return identity_; }
  [[nodiscard]] bool is_administrator() const noexcept {
    return callers_ == Callers::administrators;
  }

 private:
  [[nodiscard]] static asio::awaitable<void> read(std::shared_ptr<Connection> self);
  [[nodiscard]] bool reads_on() const noexcept;
  void receive();
  void receive_the_rest();
  void receive_aside();
  void take(Arrival arrival);
  void take_request(wire::Request request, Arrival arrival);
  void greet(const wire::Hello& hello, std::uint64_t request);
  [[nodiscard]] Result<void> find_process();
  [[nodiscard]] Result<void> check_proof(const Arrival& arrival);
  void answer_and_hang_up(std::uint64_t request, Error error);
  void hang_up();
  void hang_up_for(const std::string& fault);
  void on_death();
  void close();

  void hang_up_soon(std::string fault);

  void pump();
  void pop();
  void drop_queue();
  void pump_later();
  void pump_when_writable();

  Server& server_;
  Socket socket_;
  asio::posix::stream_descriptor process_;  // The pidfd.
  asio::steady_timer deadline_;             // For the hello; after a hang-up: for the death.
  asio::steady_timer retry_;                // While an answer waits for another to be read.
  asio::steady_timer reads_on_;             // Cancelled when reads_on() may have become true.
  core::Identity identity_;
  const Callers callers_;
  std::optional<Error> refusal_;
  std::uint32_t session_ = 0;
  bool is_open_ = false;
  bool is_receiving_aside_ = false;
  bool needs_proof_ = false;  // The pidfd may be of another process that got the same pid.
  bool is_waiting_to_send_ = false;
  bool has_sent_fds_ = false;  // Perhaps not read yet.
  std::chrono::milliseconds retry_after_{1};
  std::deque<Outgoing> queue_;
  std::size_t queued_with_fds_ = 0;
};

}  // namespace tenure::io

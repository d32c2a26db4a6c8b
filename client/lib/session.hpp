// SPDX-License-Identifier: Apache-2.0
/// One connection to a broker: requests, and answers to whoever asked.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <tenure/client.hpp>

#include "client/lib/event_queue.hpp"
#include "client/lib/fork_guard.hpp"
#include "client/lib/interruption.hpp"
#include "client/lib/socket_path.hpp"
#include "proto/os/packet.hpp"
#include "proto/os/unique_fd.hpp"
#include "proto/sync/futex.hpp"
#include "proto/wire/messages.hpp"

namespace tenure::detail {

/// What a session shares with the ones that come after it.
struct SessionContext {
  SocketPath where;
  std::string client_name;
  std::shared_ptr<Interruption> interruption = std::make_shared<Interruption>();
  std::shared_ptr<EventQueue> events = std::make_shared<EventQueue>();
};

/// There is no thread of its own: whoever waits for an answer reads the socket for everybody.
/// Closed by its destructor; each role keeps its session alive. Threads: any.
class Session {
 public:
  /// Takes an answer and its fds, under the fork lock: the fds must be mapped and closed when it
  /// returns.
  using Accept = std::function<void(wire::ReplyBody&&, std::vector<os::UniqueFd>&&)>;
  struct Pending {
    const Accept* accept;
    std::optional<Error> error = {};
    bool is_done = false;
  };

  /// Connects and says hello. Errors: those of Client::connect
  [[nodiscard]] static Result<std::shared_ptr<Session>> open(const SessionContext& context,
                                                             sync::Deadline deadline);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// Sends a request and waits for its answer, which `accept` gets; an Error comes back instead.
  /// An interruption cancels an `open` at the broker, and its answer is awaited all the same.
  ///
  /// Errors: the broker's; broker_gone; cancelled; timed_out  no answer until the deadline
  [[nodiscard]] Result<void> call(wire::RequestBody body,
                                  sync::Deadline deadline,
                                  const Accept& accept,
                                  std::span<const int> fds = {});
  /// The same for a plain answer of type T. Errors: as above; corrupt  another answer came
  template <class T>
  [[nodiscard]] Result<T> ask(wire::RequestBody body,
                              sync::Deadline deadline,
                              std::span<const int> fds = {});

  /// Sends a request some time soon, after those before it; never blocks, the answer is ignored.
  void send_soon(wire::RequestBody body) noexcept;
  /// Ends a role.
  void send_close(std::uint64_t handle) noexcept { send_soon(wire::Close{.handle = handle}); }

  /// A request whose answer is asked for later; not to be moved or destroyed before drop().
  struct Later {
    Later() = default;
    Later(const Later&) = delete;
    Later& operator=(const Later&) = delete;
    ~Later() = default;

    std::uint64_t id = 0;
    Result<wire::ReplyBody> answer = Error{};
    Accept accept = [this](wire::ReplyBody&& reply, std::vector<os::UniqueFd>&&) {
      answer = std::move(reply);
    };
    Pending pending{.accept = &accept};
    bool is_over = false;  ///< finish() has given what there is to give.
  };
  /// Errors: as call()
  [[nodiscard]] Result<void> begin(Later& later, wire::RequestBody body);
  /// Reads what is there. Whether there is an answer, or none will ever come.
  [[nodiscard]] bool is_done(const Later& later);
  /// Waits for the answer. Errors: the broker's; broker_gone; cancelled  and it can be asked again
  [[nodiscard]] Result<wire::ReplyBody> finish(Later& later);
  /// The broker is asked to end it at once: by `cancelled`, if that is quicker.
  void cancel(const Later& later) noexcept { send_soon(wire::Cancel{.id = later.id}); }
  /// Nobody waits for the answer any more; what it grants is given back.
  void drop(Later& later) noexcept;
  /// Reads what is there, or waits for anything to come: an event, an answer to anybody.
  /// Errors: timed_out, cancelled, broker_gone
  /// `interruptions`: Interruption::count() when the caller's verb began.
  [[nodiscard]] Result<void> pump(sync::Deadline deadline, std::uint32_t interruptions);

  /// True for the first who takes the root token `id`: there is one handle of each.
  [[nodiscard]] bool take_once(std::uint64_t id);

  [[nodiscard]] std::uint32_t number() const noexcept { return welcome_.session; }
  [[nodiscard]] int socket() const noexcept { return socket_.get(); }
  /// Whether a call has found the broker gone.
  [[nodiscard]] bool is_gone() noexcept;
  [[nodiscard]] const Interruption& interruption() const noexcept { return *interruption_; }
  /// Asks the kernel whether the broker has hung up; takes nothing from the socket.
  [[nodiscard]] bool is_connected() const noexcept;
  [[nodiscard]] Error gone_error() const;

 private:
  using Lock = std::unique_lock<std::mutex>;

  Session(OwnSocket socket, const SessionContext& context);
  static Result<std::shared_ptr<Session>> open_once(const SessionContext& context,
                                                    sync::Deadline deadline);
  Result<void> say_hello(const std::string& client_name, sync::Deadline deadline);
  struct Until {
    sync::Deadline deadline;
    std::uint32_t interruptions;  // Those before the verb began.
  };
  Result<void> send(Lock& lock,
                    const std::string& bytes,
                    std::span<const int> fds,
                    const Until& until);
  Result<void> await(
      Lock& lock, std::uint64_t id, const Pending& pending, Until until, bool is_cancellable);
  [[nodiscard]] bool is_interrupted(const Until& until) const noexcept;
  void wait_for_news(Lock& lock, sync::Deadline deadline, const Pending* awaited);
  void read_packets(Lock& lock, const Pending* awaited);
  [[nodiscard]] bool is_last(const Pending& answer);
  void dispatch(os::Packet&& packet);
  void settle(wire::Reply&& reply, std::vector<os::UniqueFd>&& fds);
  void give_up() noexcept;
  void flush_unsent();
  void give_back(const wire::ReplyBody& body);

  const SocketPath where_;
  const std::shared_ptr<Interruption> interruption_;
  const std::shared_ptr<EventQueue> events_;
  const std::uint32_t generation_;
  OwnSocket socket_;       // Constant until the end.
  wire::Welcome welcome_;  // Constant after open().

  std::mutex mutex_;
  // Never destroyed in a forked child, which would wait for waiters that are the parent's.
  std::unique_ptr<std::condition_variable> changed_ = std::make_unique<std::condition_variable>();
  // Guarded by mutex_:
  std::unordered_map<std::uint64_t, Pending*> pending_;
  std::deque<wire::RequestBody> unsent_;
  std::set<std::uint64_t> taken_roots_;
  std::uint64_t next_id_ = 1;
  std::uint64_t news_ = 0;   // Packets read so far.
  bool is_reading_ = false;  // Somebody polls the socket; the others wait for changed_.
  bool is_gone_ = false;
};

template <class T>
Result<T> Session::ask(wire::RequestBody body, sync::Deadline deadline, std::span<const int> fds) {
  std::optional<T> answer;
  const Accept accept = [&](wire::ReplyBody&& reply, std::vector<os::UniqueFd>&&) {
    if (T* value = std::get_if<T>(&reply)) {
      answer = std::move(*value);
    }
  };
  if (auto called = call(std::move(body), deadline, accept, fds); !called) {
    return std::move(called).error();
  }
  if (!answer) {
    return Error{.code = Errc::corrupt, .detail = "the broker answered something else than asked"};
  }
  return *std::move(answer);
}

}  // namespace tenure::detail

// SPDX-License-Identifier: Apache-2.0
/// The connection to a broker: declares segments, opens roles, asks and tells.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tenure/buffer.hpp>
#include <tenure/queue.hpp>
#include <tenure/segment_info.hpp>
#include <tenure/token_info.hpp>
#include <tenure/topic.hpp>

namespace tenure {

namespace detail {
class ClientState;
}

/// Something happened to a segment that this client has open, or to its broker.
struct Event {
  enum class What : std::uint8_t {
    ticket,          ///< A token was sent to this session: claim `ticket`.
    returned,        ///< Nobody claimed what was sent: only this session can claim `ticket`, now.
    superseded,      ///< The segment got fresh memory: reopen() the role.
    removed,         ///< Its name was taken away; its memory stays while a role has it open.
    publisher_gone,  ///< Its publisher closed it or died; another may take the place.
    broker_back      ///< A broker answers again, and knows nothing of before: reopen() the roles.
  } what = What::removed;
  std::string segment = {};  ///< Its name; empty with broker_back.
  std::string ticket = {};   ///< ticket, returned; else empty.
  std::uint64_t token = 0;   ///< As above: the number that the token had.
};

/// The broker at the other end, as it was when asked.
struct BrokerInfo {
  std::string socket = {};   ///< Where it listens.
  std::string version = {};  ///< Its release, "0.1.0".
  std::chrono::nanoseconds up{0};
  std::uint64_t used_bytes = 0;  ///< Of `budget_bytes`, by segments of everybody.
  std::uint64_t budget_bytes = 0;
  std::uint64_t control_bytes = 0;  ///< Of all control packets, in and out, since it started.
};

/// How to connect.
struct ConnectOptions {
  /// Default: $TENURE_SOCKET, else $XDG_RUNTIME_DIR/tenure/control.sock if that is there, else
  /// /run/tenure/control.sock.
  std::string socket = {};
  std::string name = {};  ///< How others see this process; default: the program's own name.
  Timeout timeout = std::chrono::seconds(5);  ///< Also waits for the broker to come up.
};

/// A session with a broker. Move-only; handles opened through it keep the session alive.
///
/// Verbs that take no timeout answer as soon as the broker does. A lost connection is `broker_gone`
/// once; the next verb connects again. Threads: any.
///
/// Errors: whatever asks the broker may answer, besides what it names itself:
///         stale        this client was moved from;  forked  it was connected before a fork
///         broker_gone  the connection is lost;  timed_out  no answer for 30 s
///         cancelled    interrupt();  too_many  no file descriptor or memory for the answer
///         corrupt      the answer makes no sense;  those of connect()  where it connects again
class Client {
 public:
  /// Errors: broker_gone  nobody listens there (the detail names the socket and where it came from)
  ///         too_old      no protocol version in common;  denied  this uid may not connect
  ///         quota, too_many  sessions or connections of this uid; file descriptors
  ///         bad_request  the socket's path is too long;  timed_out  the broker does not answer
  [[nodiscard]] static Result<Client> connect(ConnectOptions options = {});
  Client(Client&& other) noexcept;
  Client& operator=(Client&& other) noexcept;
  ~Client();

  /// Declares a topic: succeeds, too, where this owner has created the same one before. Waits for
  /// as long as reserving the memory takes, about a second per GiB.
  ///
  /// Errors: exists       another topic has that name; the detail names the first difference
  ///         bad_request  the detail names the field;  denied  this uid is not in the group
  ///         quota, no_memory, too_many  with the numbers
  ///         cancelled    interrupt(); the topic may be there all the same
  [[nodiscard]] Result<void> create_topic(std::string_view name, const TopicOptions& options);

  /// Opens a topic for writing.
  ///
  /// Errors: not_found  no such name (or none that this uid may see);  denied  no right w
  ///         has_publisher  taken, did not wait;  timed_out  waited in vain
  ///         bad_request  no such name can be;  no_memory, too_many  it cannot be mapped here
  ///         too_old    made by a broker with another memory layout
  [[nodiscard]] Result<Publisher> publisher(std::string_view name, OpenOptions options = {});

  /// Opens a topic for reading.
  ///
  /// Errors: not_found, denied, timed_out, bad_request, no_memory, too_old  as above
  ///         too_many     as many subscribers as the topic was created for; file descriptors
  ///         unsupported  lossless or fewer than 3 slots, where `options` ask for what that rules
  ///         out
  [[nodiscard]] Result<Subscriber> subscriber(std::string_view name,
                                              SubscriberOptions options = {});

  /// Declares a queue. Errors: as create_topic()
  [[nodiscard]] Result<void> create_queue(std::string_view name, const QueueOptions& options);

  /// Opens a queue for filling one of its lanes.
  ///
  /// Errors: not_found, timed_out, no_memory, too_many, too_old  as publisher()
  ///         denied       no right w;  unsupported  it is no queue
  ///         bad_request  it has no such lane, or no such name can be
  [[nodiscard]] Result<Producer> producer(std::string_view name, LaneOptions options = {});

  /// Opens a queue for emptying one of its lanes, or for its parked bundles.
  ///
  /// Errors: as producer();  denied  no rights r and x, and w unless the queue is Consume::read
  [[nodiscard]] Result<Consumer> consumer(std::string_view name, LaneOptions options = {});

  /// Declares a buffer. This session has its root borrow, unless it was there already or the broker
  /// is to have it. Errors: as create_topic()
  [[nodiscard]] Result<void> create_buffer(std::string_view name, const BufferOptions& options);

  /// Opens a buffer, which takes any right to it; what borrows and freezes take is said there.
  /// Errors: not_found, timed_out, bad_request  as publisher();  unsupported  it is no buffer
  [[nodiscard]] Result<Buffer> buffer(std::string_view name, OpenOptions options = {});

  /// Turns a ticket into the token that it stands for. T: Borrow or Freeze. The ticket is the
  /// right: it takes no other.
  ///
  /// Errors: bad_request  it is for the other kind, and stays good
  ///         stale        it was claimed, has expired, or is none
  ///         denied       it is for another uid or session
  ///         needs_grain  its region shares a grain with another uid; it stays good. So with quota
  template <class T>
  [[nodiscard]] Result<T> claim(std::string_view ticket);

  /// Who has what of a buffer, and who waits. Errors: not_found; unsupported  it is no buffer
  [[nodiscard]] Result<TokenReport> tokens(std::string_view name);
  /// Takes a token away, whoever has it, as if its holder had died: what it borrowed is poisoned if
  /// it was ever attached. The holder is not told; what it still writes reaches nobody.
  ///
  /// Errors: denied  this client is not connected to the administrators' socket (tenured(8))
  ///         stale   no token has that id
  [[nodiscard]] Result<void> revoke(std::uint64_t token);

  /// Segments whose name matches `glob` (`*` any run, `?` one character), by name; those that this
  /// uid has a right to. Errors: the common ones
  [[nodiscard]] Result<std::vector<SegmentInfo>> list(std::string_view glob = "*");
  /// Errors: not_found  no such name, or no right to it
  [[nodiscard]] Result<SegmentInfo> inspect(std::string_view name);
  /// Errors: not_found  as above
  [[nodiscard]] Result<SegmentStat> stat(std::string_view name);
  /// Takes the name away at once; the memory goes with its last user.
  ///
  /// Errors: not_found  as above;  denied  it belongs to another uid
  [[nodiscard]] Result<void> remove(std::string_view name);

  /// The number of this session; 0 in an empty handle.
  [[nodiscard]] std::uint32_t session() const noexcept;
  /// Asks the broker for a sign of life. Errors: the common ones
  [[nodiscard]] Result<void> ping();
  /// The same, and what the broker says of itself. Errors: the common ones
  [[nodiscard]] Result<BrokerInfo> broker_info();

  /// The next event.
  ///
  /// Errors: empty      kNoWait, and there is none;  timed_out  waited in vain
  ///         cancelled  interrupt();  broker_gone  said once, then it waits for the broker
  [[nodiscard]] Result<Event> event(Timeout timeout = kForever);
  /// Readable when event() need not wait; the client closes it. Read until `empty`, then poll.
  ///
  /// Errors: too_many  no file descriptor to be had
  [[nodiscard]] Result<int> fd();
  /// From any thread: waits under way through this client and its roles answer `cancelled`.
  void interrupt() noexcept;

 private:
  explicit Client(std::shared_ptr<detail::ClientState> state) noexcept;
  std::shared_ptr<detail::ClientState> state_;
};

}  // namespace tenure

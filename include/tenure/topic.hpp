// SPDX-License-Identifier: Apache-2.0
/// A topic: one publisher, many subscribers, the newest K bundles.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <tenure/bundle.hpp>
#include <tenure/role.hpp>

namespace tenure {

namespace detail {
class PublisherState;
class SubscriberState;
struct SnapshotBuffer;
}  // namespace detail

/// overwrite: slow readers skip, and learn how many; lossless: the publisher waits for all readers.
enum class Retention : std::uint8_t { overwrite, lossless };

/// subscribe: views, snapshots, waiting (rights r and x); observe: snapshots only (right r).
enum class Access : std::uint8_t { subscribe, observe };

/// Where next() begins: at the newest bundle, or at the oldest that is still kept.
enum class Start : std::uint8_t { newest, oldest };

/// What a topic is, fixed when it is created.
struct TopicOptions {
  std::vector<TensorSpec> schema = {};  ///< 1 to 4096 tensors.
  std::size_t slots = 4;                ///< K, 1 to 64. Views need 3: views held at once + 2.
  std::size_t subscribers = 63;         ///< At once; 1 to 1023.
  std::size_t attribute_bytes = 256;    ///< Room for a note's attributes, 0 to 4096.
  Retention retention = Retention::overwrite;  ///< lossless needs 3 slots.
  /// lossless: a subscriber that lags longer while the publisher waits is dropped, and told by
  /// `gap`. Default: 10 s for a subscriber of another uid than the publisher's, none within a uid.
  std::optional<std::chrono::milliseconds> lag_limit = {};
  Stamp stamp = Stamp::none;
  Terms terms = {};
};

/// The one that writes a topic. Made by Client::publisher(). Threads: one at a time.
class Publisher : public Role {
 public:
  Publisher(Publisher&& other) noexcept;
  Publisher& operator=(Publisher&& other) noexcept;
  ~Publisher();

  /// A slot to fill, which nobody reads until it is published.
  ///
  /// Errors: full         kNoWait, and every slot is held or (lossless) not yet seen by everybody
  ///         timed_out    waited in vain; the detail names who holds the slots
  ///         cancelled, broker_gone, superseded, stale, forked  as Role::wait
  [[nodiscard]] Result<Draft> draft(Timeout timeout = kForever);

  /// Makes `draft` visible and returns its version. The draft is empty afterwards; on failure it is
  /// as it was.
  ///
  /// Errors: stale  an empty draft, or one of another publisher;  superseded, forked  open again
  [[nodiscard]] Result<std::uint64_t> publish(Draft&& draft);

  /// Publishes copies of `tensors` (strided ones are packed), and returns the version. Schema
  /// tensors that are not named are absent. Everything is checked before a slot is taken.
  ///
  /// Errors: those of draft(); not_found, bad_request  those of Draft::tensor and set_note;
  ///         bad_request  a tensor named twice
  [[nodiscard]] Result<std::uint64_t> publish(Tensors tensors,
                                              Note note = {},
                                              Timeout timeout = kForever);

  /// Waits until at least `count` subscribers (not observers) have this topic open.
  /// Errors: held  kNoWait, and there are fewer; others as Role::wait
  [[nodiscard]] Result<void> wait_for_subscribers(std::size_t count, Timeout timeout = kForever);

 private:
  friend class Client;
  explicit Publisher(detail::PublisherState* state) noexcept;
  [[nodiscard]] detail::PublisherState* state() const noexcept;
};

/// A zero-copy read of one published bundle. While it lives, no honest publisher reuses its slot.
///
/// Made by Subscriber::latest() and next(). It keeps the mapping and the session alive, so it may
/// outlive the Subscriber and the Client. Threads: const members from any thread; move, release and
/// destroy from one at a time, which need not be the Subscriber's. A tensor exported by to_dlpack()
/// keeps the slot held beyond the view.
class View : public Bundle {
 public:
  View(View&& other) noexcept;
  View& operator=(View&& other) noexcept;
  ~View();  // Lets the slot go. Never blocks, never throws.

  /// Number of this bundle: 1 for the first one published, then one more each time.
  [[nodiscard]] std::uint64_t version() const noexcept;
  /// Versions that this subscriber skipped between the one it saw before and this one.
  [[nodiscard]] std::uint64_t missed() const noexcept;

  /// Lets the slot go and says whether what was read can be trusted.
  ///
  /// Errors: torn   a dishonest peer changed the slot while it was held; discard what was computed
  ///         held   a tensor that to_dlpack() made of it is alive; the view is left as it was
  ///         stale  released or moved from before;  forked  taken before a fork
  [[nodiscard]] Result<void> release();

 private:
  friend class detail::SubscriberState;
  View() = default;

  detail::SubscriberState* state_ = nullptr;  // Counted. Empty: released or moved from.
  std::uint64_t version_ = 0;
  std::uint64_t missed_ = 0;
  std::uint64_t number_ = 0;  // Of this view among its subscriber's: tells whose an export is.
  std::uint32_t slot_ = 0;
};

/// A copy of one bundle in memory of its own: outlives everything, hinders nobody.
///
/// Threads: const members from any thread; move, reuse and destroy from one at a time.
class Snapshot : public Bundle {
 public:
  Snapshot() noexcept;  // Empty: its tensors are `stale`.
  Snapshot(Snapshot&& other) noexcept;
  Snapshot& operator=(Snapshot&& other) noexcept;
  ~Snapshot();

  [[nodiscard]] std::uint64_t version() const noexcept;

 private:
  friend class detail::SubscriberState;
  std::shared_ptr<detail::SnapshotBuffer> buffer_;  // Shared with exported tensors.
  std::uint64_t version_ = 0;
};

/// How to open a subscriber.
struct SubscriberOptions {
  Access access = Access::subscribe;
  Start start = Start::newest;
  Timeout timeout = kNoWait;  ///< Waits until the name exists.
};

/// One that reads a topic. Made by Client::subscriber(). Threads: one at a time; its views may be
/// released by other threads meanwhile.
class Subscriber : public Role {
 public:
  Subscriber(Subscriber&& other) noexcept;
  Subscriber& operator=(Subscriber&& other) noexcept;
  ~Subscriber();

  /// The newest bundle, seen or not. Never waits, never enters the kernel.
  ///
  /// Errors: empty        nothing has been published yet
  ///         unsupported  opened with Access::observe
  ///         torn         a dishonest publisher: no stable slot in 128 attempts
  ///         superseded, stale, forked  open again
  [[nodiscard]] Result<View> latest();

  /// The bundle after the last one seen: the oldest kept one that is newer.
  ///
  /// Errors: empty      kNoWait, and nothing is newer;  timed_out  waited in vain
  ///         gap        lossless: dropped for lag, or reopened too late; `count` bundles are lost,
  ///         the next call goes on
  ///         unsupported, torn, cancelled, broker_gone, superseded, stale, forked  as above
  [[nodiscard]] Result<View> next(Timeout timeout = kForever);

  /// A copy of the newest bundle. `reuse` gives its memory, unless a tensor that was exported from
  /// it lives, and is empty afterwards whatever comes of it. All that Access::observe allows.
  ///
  /// Errors: empty     nothing has been published yet
  ///         torn      the publisher overwrote it during every one of the bounded attempts
  ///         poisoned  K = 1, and the publisher died in the middle of the only slot
  ///         superseded, stale, forked  open again
  [[nodiscard]] Result<Snapshot> snapshot(Snapshot&& reuse = {});

 private:
  friend class Client;
  explicit Subscriber(detail::SubscriberState* state) noexcept;
  [[nodiscard]] detail::SubscriberState* state() const noexcept;
};

}  // namespace tenure

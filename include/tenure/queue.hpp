// SPDX-License-Identifier: Apache-2.0
/// A queue: many producers, many consumers, each bundle to one of them at a time.
///
/// Delivery is at least once. Each lane is first in, first out by push; redeliveries come first. To
/// get effects exactly once, make the effect idempotent (docs/queues.md).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <tenure/bundle.hpp>
#include <tenure/role.hpp>

namespace tenure {

namespace detail {
class ProducerState;
class ConsumerState;
}  // namespace detail

/// What a draft does when every slot is in use: wait, or take the oldest bundle of its lane that
/// nobody has been given yet, which is counted as dropped.
enum class WhenFull : std::uint8_t { wait, drop_oldest };

/// What consumers may do with a bundle: read it; change it before they pass it on; or change only
/// tensors that they do not read, so that a half-done stage is repeated instead of set aside.
enum class Consume : std::uint8_t { read, in_place, repeatable };

/// As a consumer's lane: the bundles that were set aside. Ack drops one, nack delivers it again.
inline constexpr std::size_t kParked = ~std::size_t{0};

/// What a queue is, fixed when it is created.
struct QueueOptions {
  std::vector<TensorSpec> schema = {};  ///< 1 to 4096 tensors: those of all stages.
  std::size_t slots = 64;               ///< K, 1 to 65,535: bundles that exist at once.
  std::size_t lanes = 1;                ///< 1 to 8.
  /// Then a bundle is parked instead of delivered again, 0 to 127; 0: never. At most K / 4 (and 1;
  /// none if K is 1) are parked: beyond that the oldest is freed, and counted.
  std::size_t max_deliveries = 5;
  std::size_t attribute_bytes = 256;  ///< Room for a note's attributes, 0 to 4096.
  WhenFull when_full = WhenFull::wait;
  Consume consume = Consume::read;
  Stamp stamp = Stamp::none;
  Terms terms = {};
};

/// How to open a producer or a consumer.
struct LaneOptions {
  std::size_t lane = 0;       ///< Below the queue's lanes; a consumer's may be kParked.
  Timeout timeout = kNoWait;  ///< Waits until the name exists.
};

/// One of those who fill a queue. Made by Client::producer(). Threads: one at a time.
class Producer : public Role {
 public:
  Producer(Producer&& other) noexcept;
  Producer& operator=(Producer&& other) noexcept;
  ~Producer();

  /// A slot to fill, which nobody reads until it is pushed.
  ///
  /// Errors: full       kNoWait, and every slot is in use
  ///         timed_out  waited in vain; the detail says who has the slots
  ///         finished   the queue has ended
  ///         corrupt    a dishonest peer broke the queue;  cancelled, broker_gone, superseded,
  ///         stale, forked  as Role::wait
  [[nodiscard]] Result<Draft> draft(Timeout timeout = kForever);

  /// Makes `draft` the newest bundle of this producer's lane. A draft of before finish() may be
  /// pushed after it. The draft is empty afterwards; on failure, but for `corrupt`, it is as it
  /// was.
  ///
  /// Errors: stale    an empty draft, or one of another producer
  ///         corrupt  a dishonest peer broke the queue;  superseded, forked  open again
  [[nodiscard]] Result<void> push(Draft&& draft);

  /// Pushes copies of `tensors` (strided ones are packed). Schema tensors that are not named are
  /// absent. Everything is checked before a slot is taken.
  ///
  /// Errors: those of draft() and push(); not_found, bad_request  those of Draft::tensor and
  ///         set_note; bad_request  a tensor named twice
  [[nodiscard]] Result<void> push(Tensors tensors, Note note = {}, Timeout timeout = kForever);

  /// Ends the queue, whoever else produces: no more drafts; each lane drains in order, and then its
  /// consumers are told `finished`. It stays so until the queue is removed.
  ///
  /// Errors: superseded, stale, forked  open again
  [[nodiscard]] Result<void> finish();

 private:
  friend class Client;
  explicit Producer(detail::ProducerState* state) noexcept;
  [[nodiscard]] detail::ProducerState* state() const noexcept;
};

/// A bundle that was popped, and is this process's until one of ack, nack, park or pass_on.
///
/// Destroyed without one of them it is given up as if this process had died: delivered again, or,
/// half-changed with Consume::in_place, parked as poisoned. What was parked is parked again. It may
/// outlive its Consumer and the Client. Threads: const members from any thread; the others from one
/// at a time, which need not be the Consumer's. While a tensor that to_dlpack() made of it is
/// alive, the item is `held`; one that is destroyed meanwhile is given up with the last such
/// tensor.
///
/// Errors of ack, nack, park and pass_on, after which it is as it was (but for corrupt):
///         stale    ended or moved from before;  forked  popped before a fork
///         held     a tensor that to_dlpack() made of it is alive
///         corrupt  a dishonest peer broke the queue; it is not this process's any more
class Item : public Bundle {
 public:
  Item(Item&& other) noexcept;
  Item& operator=(Item&& other) noexcept;
  ~Item();

  /// How often it was popped: 1 the first time. Counted up to 127.
  [[nodiscard]] std::uint32_t deliveries() const noexcept;
  /// Of the parked: whoever changed it in place died half-way.
  [[nodiscard]] bool poisoned() const noexcept;

  /// The tensor `name`, to be changed in place, in the shape that it has, or the declared one if
  /// this bundle leaves it out. From here on the bundle counts as changing.
  ///
  /// Errors: unsupported  a queue of Consume::read, or a parked bundle
  ///         not_found    the schema has no tensor of that name
  ///         bad_request  it is absent and its dtype is open: say dtype and shape
  ///         stale, forked  as above;  corrupt  as Bundle::tensor
  [[nodiscard]] Result<TensorSpan> writable(std::string_view name);
  /// The same in another shape of the declared rank, over what was there.
  /// Errors: as above; bad_request  another rank, or more bytes than the schema has room for
  [[nodiscard]] Result<TensorSpan> writable(std::string_view name, const Shape& shape);
  /// The same where the schema leaves the dtype open (elsewhere it must be the declared one).
  /// Errors: as above; bad_request  not the declared dtype
  [[nodiscard]] Result<TensorSpan> writable(std::string_view name, DType dtype, const Shape& shape);
  /// writable(name), then as<T>().
  template <class T>
  [[nodiscard]] Result<std::span<T>> writable(std::string_view name) {
    auto found = writable(name);
    if (!found) {
      return std::move(found).error();
    }
    return found->template as<T>();
  }

  /// Done with it: its slot is free. Of the parked: drops it.
  [[nodiscard]] Result<void> ack();
  /// Not done with it: it is delivered again before all that wait, or parked if it was delivered
  /// max_deliveries times. Of the parked: delivers it again in its lane.
  ///
  /// Errors: poisoned  a half-changed bundle is not delivered: ack() drops it
  ///         finished  a parked bundle of a queue that has ended
  [[nodiscard]] Result<void> nack();
  /// Sets it aside, for a consumer of kParked.
  [[nodiscard]] Result<void> park();
  /// Forwards it to the next lane, or to `lane`, with all its tensors and its note.
  /// Errors: bad_request  no later lane of this queue;  unsupported  a parked bundle
  [[nodiscard]] Result<void> pass_on();
  [[nodiscard]] Result<void> pass_on(std::size_t lane);

 private:
  friend class detail::ConsumerState;
  Item() = default;
  [[nodiscard]] Result<void> check() const;

  detail::ConsumerState* state_ = nullptr;  // Counted. Empty: ended or moved from.
  std::uint64_t word_ = 0;                  // Of its slot, as this process left it.
  std::uint32_t slot_ = 0;
};

/// One of those who empty a lane of a queue. Made by Client::consumer(). Threads: one at a time;
/// its items may be ended by other threads meanwhile.
class Consumer : public Role {
 public:
  Consumer(Consumer&& other) noexcept;
  Consumer& operator=(Consumer&& other) noexcept;
  ~Consumer();

  /// The oldest bundle of the lane, redeliveries first; nobody else gets it meanwhile.
  ///
  /// Errors: empty      kNoWait, and there is none;  timed_out  waited in vain
  ///         finished   the queue has ended, and nothing will come to this lane, nor come back
  ///         corrupt    a dishonest peer broke the queue;  cancelled, broker_gone, superseded,
  ///         stale, forked  as Role::wait
  [[nodiscard]] Result<Item> pop(Timeout timeout = kForever);
  /// Up to `at_most`, oldest first; waits for the first only. Errors: those of pop(); bad_request
  /// at_most is 0
  [[nodiscard]] Result<std::vector<Item>> pop_many(std::size_t at_most, Timeout timeout = kForever);

 private:
  friend class Client;
  explicit Consumer(detail::ConsumerState* state) noexcept;
  [[nodiscard]] detail::ConsumerState* state() const noexcept;
};

}  // namespace tenure

// SPDX-License-Identifier: Apache-2.0
// Every refusal that a program may meet at a queue, each produced.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <tenure/tenure.hpp>

#include "client/lib/consumer_state.hpp"
#include "tests/process/queue_fixture.hpp"
#include "tests/support/child.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;
using support::Child;

constexpr std::uint32_t kOtherUid = 54'321;

class QueueErrors : public QueueTest {
 protected:
  // A peer that plays by no rules: what it has mapped of the queue.
  std::shared_ptr<detail::QueueMemory> break_in() {
    state_ = or_throw(detail::ClientState::connect({.socket = socket(), .name = "rude"}));
    return or_throw(detail::ConsumerState::open(*state_, name_, {}));
  }
  // Where the ring's next entry is taken, or appended: what no honest one writes.
  static void spoil(const sync::StdAtomics::Queue& queue, layout::RingName ring, bool at_tail) {
    auto& line = queue.ring(ring);
    const std::uint64_t position = at_tail ? line.tail.load() : line.head.load();
    const layout::FullCell rubbish{.turn = queue.capacity().turn(position) + (at_tail ? 7U : 0U),
                                   .slot = 0xffff,
                                   .sequence = 12345};
    queue.cell(ring, position).store(rubbish.pack());
  }

 private:
  std::shared_ptr<detail::ClientState> state_;
};

TEST_F(QueueErrors, OfDeclaring) {
  const auto refused = [&](QueueOptions options, const char* detail) {
    const auto created = client_.create_queue(name_, options);
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code, Errc::bad_request);
    EXPECT_NE(created.error().detail.find(detail), std::string::npos) << created.error().detail;
  };
  refused({.schema = {}}, "schema");
  refused(one_number(0), "slots: 0; 1 to 65535");
  refused(one_number(65'536), "slots: 65536");
  refused(one_number(4, 0), "lanes: 0; 1 to 8");
  refused(one_number(4, 9), "lanes: 9");
  QueueOptions options = one_number();
  options.max_deliveries = 128;
  refused(options, "max_deliveries: 128; 0 to 127");
  options = one_number();
  options.attribute_bytes = 4097;
  refused(options, "attribute_bytes");
  options = one_number(65'535);
  options.schema[0].shape = {std::int64_t{1} << 36};
  EXPECT_EQ(client_.create_queue(name_, options).error().code, Errc::quota);
  options.schema[0].shape = {std::int64_t{1} << 50};
  refused(options, "");  // More bytes than there are numbers for.
}

TEST_F(QueueErrors, OfDeclaringItOtherwise) {
  or_throw(client_.create_queue(name_, one_number()));
  EXPECT_TRUE(client_.create_queue(name_, one_number()));
  const auto refused = [&](QueueOptions options, const char* detail) {
    const auto created = client_.create_queue(name_, options);
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code, Errc::exists);
    EXPECT_NE(created.error().detail.find(detail), std::string::npos) << created.error().detail;
  };
  refused(one_number(5), "slots: 4 there, 5 asked for");
  refused(one_number(4, 2), "lanes: 1 there, 2 asked for");
  QueueOptions options = one_number();
  options.consume = Consume::repeatable;
  refused(options, "consume: read there, repeatable asked for");
  options = one_number();
  options.when_full = WhenFull::drop_oldest;
  refused(options, "when_full: wait there, drop_oldest asked for");
  options = one_number();
  options.max_deliveries = 1;
  refused(options, "max_deliveries: 5 there, 1 asked for");
  EXPECT_EQ(client_.create_topic(name_, one_tensor(DType::int64, {1})).error().code, Errc::exists);
}

TEST_F(QueueErrors, OfOpening) {
  EXPECT_EQ(client_.producer(name_).error().code, Errc::not_found);
  EXPECT_EQ(client_.consumer(name_, {.timeout = 2ms}).error().code, Errc::timed_out);
  EXPECT_EQ(client_.consumer("").error().code, Errc::bad_request);
  or_throw(client_.create_queue(name_, one_number(4, 2)));
  for (const std::size_t lane : {std::size_t{2}, std::size_t{1} << 40U}) {
    EXPECT_EQ(client_.producer(name_, {.lane = lane}).error().code, Errc::bad_request);
    EXPECT_EQ(client_.consumer(name_, {.lane = lane}).error().code, Errc::bad_request);
  }
  EXPECT_EQ(client_.producer(name_, {.lane = kParked}).error().code, Errc::bad_request);
  EXPECT_EQ(client_.publisher(name_).error().code, Errc::unsupported);
  EXPECT_EQ(client_.subscriber(name_).error().code, Errc::unsupported);
  EXPECT_EQ(client_.buffer(name_).error().code, Errc::unsupported);
  const std::string topic = name_ + "/topic";
  or_throw(client_.create_topic(topic, one_tensor(DType::int64, {1})));
  EXPECT_EQ(client_.producer(topic).error().code, Errc::unsupported);
  EXPECT_EQ(client_.consumer(topic).error().code, Errc::unsupported);
}

TEST_F(QueueErrors, OfRights) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root: opens as another uid";
  }
  const auto as_other = [&](const std::string& name, auto&& body) {
    Child child([&] {
      if (::setgid(kOtherUid) != 0 || ::setuid(kOtherUid) != 0) {
        return 1;
      }
      Client other = connect("other");
      return body(other, name) ? 0 : 2;
    });
    return child.wait(20s);
  };
  const auto create = [&](const char* suffix, std::uint32_t mode, Consume consume) {
    QueueOptions options = one_number();
    options.terms.mode = mode;
    options.consume = consume;
    or_throw(client_.create_queue(name_ + suffix, options));
    return name_ + suffix;
  };
  const auto can = [](bool produces, bool consumes) {
    return [=](Client& other, const std::string& name) {
      const auto producer = other.producer(name);
      const auto consumer = other.consumer(name);
      return (producer ? produces : !produces && producer.error().code == Errc::denied) &&
             (consumer ? consumes : !consumes && consumer.error().code == Errc::denied);
    };
  };
  EXPECT_EQ(as_other(create("w", 0702, Consume::read), can(true, false)), 0);
  EXPECT_EQ(as_other(create("rx", 0705, Consume::read), can(false, true)), 0);
  EXPECT_EQ(as_other(create("r", 0704, Consume::read), can(false, false)), 0);
  EXPECT_EQ(as_other(create("x", 0701, Consume::read), can(false, false)), 0);
  EXPECT_EQ(as_other(create("rx-in-place", 0705, Consume::in_place), can(false, false)), 0);
  EXPECT_EQ(as_other(create("rwx-in-place", 0707, Consume::in_place), can(true, true)), 0);
}

TEST_F(QueueErrors, OfPushing) {
  or_throw(client_.create_queue(name_, one_number(1)));
  Producer producer = or_throw(client_.producer(name_));
  Producer other = or_throw(client_.producer(name_));
  Draft draft = or_throw(producer.draft());
  EXPECT_EQ(other.push(std::move(draft)).error().code, Errc::stale);
  EXPECT_EQ(draft.tensor("no").error().code, Errc::not_found);
  EXPECT_EQ(draft.tensor("x", {2}).error().code, Errc::bad_request);
  const Error timed_out = other.draft(2ms).error();
  EXPECT_EQ(timed_out.code, Errc::timed_out);
  EXPECT_NE(timed_out.detail.find("test (session"), std::string::npos) << timed_out.detail;
  EXPECT_NE(timed_out.detail.find("holds 1"), std::string::npos) << timed_out.detail;
  EXPECT_EQ(other.draft(kNoWait).error().code, Errc::full);
  or_throw(producer.push(std::move(draft)));
  // NOLINTNEXTLINE(bugprone-use-after-move): that is what is tested.
  EXPECT_EQ(producer.push(std::move(draft)).error().code, Errc::stale);

  const std::array<float, 1> wrong{1};
  const TensorView view = or_throw(TensorView::of(std::span(wrong), {1}));
  EXPECT_EQ(producer.push({{"no", view}}).error().code, Errc::not_found);
  EXPECT_EQ(producer.push({{"x", view}}).error().code, Errc::bad_request);
  const std::array<std::int64_t, 1> right{1};
  const TensorView fits = or_throw(TensorView::of(std::span(right), {1}));
  EXPECT_EQ(producer.push({{"x", fits}, {"x", fits}}).error().code, Errc::bad_request);
  const std::array<std::byte, 257> attributes{};
  EXPECT_EQ(producer.push({{"x", fits}}, {.attributes = attributes}).error().code,
            Errc::bad_request);
  EXPECT_EQ(producer.push({{"x", fits}}, {}, kNoWait).error().code, Errc::full);
}

TEST_F(QueueErrors, OfPopping) {
  or_throw(client_.create_queue(name_, one_number(4, 2)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_, {}));
  EXPECT_EQ(consumer.pop(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(consumer.pop(2ms).error().code, Errc::timed_out);
  EXPECT_EQ(consumer.pop_many(0).error().code, Errc::bad_request);
  or_throw(push(producer, 1));
  Item item = or_throw(consumer.pop());
  EXPECT_EQ(item.pass_on(0).error().code, Errc::bad_request);
  EXPECT_EQ(item.pass_on(2).error().code, Errc::bad_request);
  EXPECT_EQ(item.writable("x").error().code, Errc::unsupported);
  or_throw(item.pass_on());
  for (const Error& error : {item.ack().error(),
                             item.nack().error(),
                             item.park().error(),
                             item.pass_on().error(),
                             item.writable("x").error()}) {
    EXPECT_EQ(error.code, Errc::stale);
  }
  Consumer last = or_throw(client_.consumer(name_, {.lane = 1}));
  Item there = or_throw(last.pop());
  EXPECT_EQ(there.pass_on().error().code, Errc::bad_request);
  or_throw(there.park());
  Consumer parked = or_throw(client_.consumer(name_, {.lane = kParked}));
  Item examined = or_throw(parked.pop());
  EXPECT_EQ(examined.pass_on().error().code, Errc::unsupported);
  EXPECT_EQ(examined.writable("x").error().code, Errc::unsupported);
}

TEST_F(QueueErrors, OfWritableTensors) {
  QueueOptions options = one_number();
  options.schema.push_back({"any", DType::any, {8}});
  options.consume = Consume::in_place;
  or_throw(client_.create_queue(name_, options));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  or_throw(push(producer, 1));
  Item item = or_throw(consumer.pop());
  EXPECT_EQ(item.writable("no").error().code, Errc::not_found);
  EXPECT_EQ(item.writable("any").error().code, Errc::bad_request);
  EXPECT_EQ(item.writable("x", {1, 1}).error().code, Errc::bad_request);
  EXPECT_EQ(item.writable("x", DType::float32, {1}).error().code, Errc::bad_request);
  item = Item(std::move(item));
  // Nothing was changed: it is not poisoned.
  {
    const Item gone = std::move(item);
  }
  EXPECT_EQ(or_throw(consumer.pop()).deliveries(), 2U);
}

TEST_F(QueueErrors, OfMovedFromHandles) {
  or_throw(client_.create_queue(name_, one_number()));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  const Producer other_producer = std::move(producer);
  const Consumer other_consumer = std::move(consumer);
  // NOLINTBEGIN(bugprone-use-after-move): that is what is tested.
  EXPECT_EQ(producer.draft().error().code, Errc::stale);
  EXPECT_EQ(producer.finish().error().code, Errc::stale);
  EXPECT_EQ(producer.wait().error().code, Errc::stale);
  EXPECT_EQ(consumer.pop().error().code, Errc::stale);
  EXPECT_EQ(consumer.pop_many(1).error().code, Errc::stale);
  // NOLINTEND(bugprone-use-after-move)
}

TEST_F(QueueErrors, OfForkedChildren) {
  QueueOptions options = one_number();
  options.consume = Consume::in_place;
  or_throw(client_.create_queue(name_, options));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  or_throw(push(producer, 7));
  std::optional<Item> item = or_throw(consumer.pop());
  std::optional<Draft> draft = or_throw(producer.draft());
  Child child([&] {
    const std::array<Errc, 9> codes{producer.draft().error().code,
                                    producer.push(std::move(*draft)).error().code,
                                    producer.finish().error().code,
                                    producer.wait().error().code,
                                    consumer.pop().error().code,
                                    consumer.fd().error().code,
                                    item->ack().error().code,
                                    item->writable("x").error().code,
                                    item->tensor("x").error().code};
    for (const Errc code : codes) {
      if (code != Errc::forked) {
        return static_cast<int>(code);
      }
    }
    if (item->note().tag != 0 || item->published_at() != 0ns) {  // Its slots are not mapped here.
      return 1;
    }
    draft.reset();
    item.reset();
    or_throw(consumer.reopen());
    return consumer.pop(kNoWait).error().code == Errc::empty ? 0 : 1;
  });
  EXPECT_EQ(child.wait(20s), 0);
  EXPECT_EQ(number_of(*item), 7);
  EXPECT_TRUE(item->ack());
  EXPECT_TRUE(producer.push(std::move(*draft)));
}

TEST_F(QueueErrors, OfABrokenQueue) {
  or_throw(client_.create_queue(name_, one_number(4)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  const auto rude = break_in();
  const auto& queue = rude->queue();
  Draft draft = or_throw(producer.draft());
  or_throw(push(producer, 1));
  or_throw(push(producer, 2));
  Item item = or_throw(consumer.pop());
  spoil(queue, layout::kFreeRing, true);
  EXPECT_EQ(item.ack().error().code, Errc::corrupt);
  EXPECT_EQ(item.ack().error().code, Errc::stale);
  spoil(queue, layout::lane_ring(0), true);
  EXPECT_EQ(producer.push(std::move(draft)).error().code, Errc::corrupt);
  spoil(queue, layout::lane_ring(0), false);
  EXPECT_EQ(consumer.pop(kNoWait).error().code, Errc::corrupt);
  spoil(queue, layout::kFreeRing, false);
  EXPECT_EQ(producer.draft(kNoWait).error().code, Errc::corrupt);
  EXPECT_EQ(or_throw(client_.inspect(name_)).name, name_);  // The broker goes on.
}

TEST_F(QueueErrors, PeerThatListsAgainWhatIsPoppedKeepsNobodyPopping) {
  constexpr std::uint32_t kSlots = 1024;
  or_throw(client_.create_queue(name_, one_number(kSlots)));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  const auto rude = break_in();
  const auto& queue = rude->queue();
  const auto list_taken = [&](std::uint32_t slot) {
    auto word = layout::QueueWord::unpack(queue.slot(slot).word.load());
    if (word.phase == layout::QueuePhase::taken) {
      word.phase = layout::QueuePhase::queued;
      word.sequence = word.next_sequence();
      static_cast<void>(sync::list_slot<>(queue, slot, word));
    }
  };
  std::atomic<bool> is_over{false};
  std::thread peer([&] {
    for (std::uint32_t slot = 0; !is_over; slot = (slot + 1) % kSlots) {
      list_taken(slot);
    }
  });
  for (int i = 0; i < 300; ++i) {
    while (push(producer, 1)) {
    }
    const auto items = consumer.pop_many(1'000'000, kNoWait);
    EXPECT_TRUE(!items || items->size() <= kSlots);
  }
  is_over = true;
  peer.join();
}

TEST_F(QueueErrors, OfAQueueThatWasRemoved) {
  or_throw(client_.create_queue(name_, one_number()));
  Producer producer = or_throw(client_.producer(name_));
  Consumer consumer = or_throw(client_.consumer(name_));
  or_throw(client_.remove(name_));
  EXPECT_EQ(or_throw(client_.event(20s)).what, Event::What::removed);
  or_throw(push(producer, 1));  // Who has it open goes on.
  EXPECT_EQ(take(consumer), 1);
  EXPECT_EQ(consumer.reopen().error().code, Errc::not_found);
}

}  // namespace
}  // namespace tenure::test

// SPDX-License-Identifier: Apache-2.0
// A publisher or a subscriber killed before its first, second, third ... store of a verb, until the
// verb is through: each time the broker repairs, versions only grow, and those who live go on.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "client/lib/role_state.hpp"
#include "client/lib/topic_memory.hpp"
#include "proto/layout/slot_word.hpp"
#include "tests/fault/kill_at_store.hpp"
#include "tests/fault/swept_topic.hpp"
#include "tests/process/stamped_topic.hpp"
#include "tests/support/private_broker.hpp"
#include "tests/support/steps/step.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

class TopicSweep : public testing::Test {
 protected:
  // Sweeps a verb in a topic of each shape; at least `fewest` rounds, or the verb was not run.
  void sweep_each(const std::vector<TopicShape>& shapes,
                  int fewest,
                  const std::function<int(SweptTopic&)>& sweep,
                  const TopicOptions& options = {}) {
    for (const TopicShape& shape : shapes) {
      SweptTopic topic(broker_.socket(), shape, options);
      const int rounds = sweep(topic);
      EXPECT_GE(rounds, fewest) << name_of(shape);
      rounds_ += rounds;
      if (HasFailure()) {
        break;
      }
    }
    std::cout << rounds_ << " kills\n";
    RecordProperty("kills", rounds_);
  }

  support::PrivateBroker broker_;
  int rounds_ = 0;
};

using TopicSubscriberSweep = TopicSweep;

// Where leases are masked or refused each publisher is let in to fresh memory: what the dead one
// left is copied, not repaired, and whoever looks on looks at the old memory.
class TopicPublisherSweep : public TopicSweep {
 protected:
  void SetUp() override {
    Client client = or_throw(Client::connect({.socket = broker_.socket()}));
    or_throw(client.create_topic("probe", stamped_options(8, 3)));
    const auto open_twice = [&] {
      static_cast<void>(or_throw(client.publisher("probe", {.timeout = 20s})));
      static_cast<void>(or_throw(client.publisher("probe", {.timeout = 20s})));
      return or_throw(client.inspect("probe")).incarnation;
    };
    const std::uint64_t first = or_throw(client.inspect("probe")).incarnation;
    if (open_twice() != first) {
      GTEST_SKIP() << "leases are masked or refused";
    }
    or_throw(client.remove("probe"));
  }
};

Publisher open_publisher(Client& client, const SweptTopic& topic) {
  return or_throw(client.publisher(topic.name(), {.timeout = 20s}));
}

Subscriber open_subscriber(Client& client,
                           const SweptTopic& topic,
                           const SubscriberOptions& options = {}) {
  return or_throw(client.subscriber(topic.name(), options));
}

std::shared_ptr<detail::TopicMemory> open_memory(const std::string& socket,
                                                 const std::string& name) {
  const auto client = or_throw(detail::ClientState::connect({.socket = socket, .name = "hand"}));
  return or_throw(detail::open_role<detail::TopicMemory>(
      *client, {.name = name, .as = wire::OpenAs::subscribe, .timeout = 20s}));
}

Verb publish_once(SweptTopic& topic) {
  return [&topic](Client& client, Doom& doom) {
    Publisher publisher = open_publisher(client, topic);
    const std::uint64_t version = or_throw(client.inspect(topic.name())).version + 1;
    doom.arm();
    Draft draft = or_throw(publisher.draft(20s));
    fill_stepwise(draft, version);
    doom.notes().published = or_throw(publisher.publish(std::move(draft)));
  };
}

TEST_F(TopicPublisherSweep, KilledInDraftAndPublish) {
  sweep_each(all_shapes(), 10, [](SweptTopic& topic) {
    topic.go_on();  // From full slots.
    return topic.sweep(publish_once(topic));
  });
}

TEST_F(TopicPublisherSweep, KilledBesideAViewThatIsHeld) {
  sweep_each(viewed_shapes(), 13, [](SweptTopic& topic) {
    topic.go_on();
    return topic.sweep(
        publish_once(topic),
        {.prepare = [&] { topic.keep_view(); }, .clear = [&] { topic.release_view(); }});
  });
}

TEST_F(TopicPublisherSweep, KilledInTheFirstPublishOfATopic) {
  for (const TopicShape& shape : all_shapes()) {
    bool is_through = false;
    for (int store = 1; !is_through && store < 50 && !HasFailure(); ++store, ++rounds_) {
      SweptTopic fresh(broker_.socket(), shape);
      is_through = fresh.round(store, publish_once(fresh));
    }
    EXPECT_TRUE(is_through);
  }
  std::cout << rounds_ << " kills\n";
  EXPECT_GE(rounds_, 10 * 6);
}

TEST_F(TopicPublisherSweep, KilledInADraftThatItDrops) {
  sweep_each(all_shapes(), 8, [](SweptTopic& topic) {
    topic.go_on();
    return topic.sweep([&](Client& client, Doom& doom) {
      Publisher publisher = open_publisher(client, topic);
      doom.arm();
      {
        Draft draft = or_throw(publisher.draft(20s));
        fill_stepwise(draft, 0);
      }
      steps::step(steps::Access::store);  // Dropped, and then dead.
    });
  });
}

// Somebody begins to hold the slot between the claim and the second look at the holds.
TEST_F(TopicPublisherSweep, KilledWhileItGivesAClaimedSlotBack) {
  const std::string socket = broker_.socket();
  sweep_each(viewed_shapes(), 13, [&](SweptTopic& topic) {
    topic.go_on();
    const std::uint32_t entry = topic.memory().opened().entry;
    const Verb verb = [&](Client& client, Doom& doom) {
      const auto hand = open_memory(socket, topic.name());
      hand->bell()
          ->entry(hand->opened().entry)
          .seen.store(layout::kMaxVersion, std::memory_order_seq_cst);
      Publisher publisher = open_publisher(client, topic);
      const std::uint64_t version = or_throw(client.inspect(topic.name())).version + 1;
      doom.interrupt(Doom::When::after_first_store, [&] {
        for (std::size_t slot = 0; slot < hand->opened().slots; ++slot) {
          const auto word = layout::SlotWord::unpack(
              hand->head().slots.at(slot).word.load(std::memory_order_seq_cst));
          if (word.phase == layout::Phase::claimed) {
            hand->bell()->entry(entry).holds.store(std::uint64_t{1} << slot,
                                                   std::memory_order_seq_cst);
          }
        }
      });
      doom.arm();
      Draft draft = or_throw(publisher.draft(20s));
      fill_stepwise(draft, version);
      doom.notes().published = or_throw(publisher.publish(std::move(draft)));
    };
    return topic.sweep(verb, {.clear = [&] {
                         topic.expect_held_kept();
                         topic.hold(0);
                       }});
  });
}

TEST_F(TopicPublisherSweep, KilledWhileItDropsALaggard) {
  TopicOptions options;
  options.lag_limit = 1ms;
  const std::vector<TopicShape> shapes{{.slots = 3, .retention = Retention::lossless},
                                       {.slots = 4, .retention = Retention::lossless}};
  sweep_each(
      shapes,
      13,
      [](SweptTopic& topic) {
        topic.go_on();
        const auto set_seen = [&](std::uint64_t version) {
          topic.memory()
              .bell()
              ->entry(topic.memory().opened().entry)
              .seen.store(version, std::memory_order_seq_cst);
        };
        return topic.sweep(
            publish_once(topic),
            {.prepare = [=] { set_seen(0); }, .clear = [=] { set_seen(layout::kMaxVersion); }});
      },
      options);
}

TEST_F(TopicPublisherSweep, KilledWhileItWaitsForASlot) {
  sweep_each(viewed_shapes(), 2, [](SweptTopic& topic) {
    topic.go_on();
    return topic.sweep(
        [&](Client& client, Doom& doom) {
          Publisher publisher = open_publisher(client, topic);
          doom.arm();
          static_cast<void>(publisher.draft(2ms));
          static_cast<void>(or_throw(publisher.fd()));
          static_cast<void>(publisher.draft(kNoWait));
          steps::step(steps::Access::store);
        },
        {.prepare = [&] { topic.hold((std::uint64_t{1} << topic.shape().slots) - 1); },
         .clear = [&] { topic.hold(0); }});
  });
}

TEST_F(TopicSubscriberSweep, KilledWhileItRegisters) {
  sweep_each(viewed_shapes(), 10, [](SweptTopic& topic) {
    topic.open_publisher();
    int rounds = 0;
    for (const Start start : {Start::newest, Start::oldest}) {
      topic.go_on();
      rounds += topic.sweep([&](Client& client, Doom& doom) {
        // Before its first store it is registered, and has not said yet where it starts.
        doom.arm();
        const Subscriber subscriber = open_subscriber(client, topic, {.start = start});
        steps::step(steps::Access::store);
      });
    }
    return rounds;
  });
}

void view_and_release(Result<View> taken) {
  View view = or_throw(std::move(taken));
  steps::step(steps::Access::store);  // In the middle of reading.
  or_throw(view.release());
}

TEST_F(TopicSubscriberSweep, KilledInViewAndRelease) {
  sweep_each(viewed_shapes(), 14, [](SweptTopic& topic) {
    topic.open_publisher();
    topic.go_on();
    const int latest = topic.sweep([&](Client& client, Doom& doom) {
      Subscriber subscriber = open_subscriber(client, topic);
      doom.arm();
      view_and_release(subscriber.latest());
    });
    return latest + topic.sweep([&](Client& client, Doom& doom) {
      Subscriber subscriber = open_subscriber(client, topic, {.start = Start::oldest});
      doom.arm();
      view_and_release(subscriber.next(kNoWait));
      view_and_release(subscriber.next(kNoWait));
    });
  });
}

TEST_F(TopicSubscriberSweep, KilledWithSeveralViews) {
  sweep_each(viewed_shapes(), 12, [](SweptTopic& topic) {
    topic.open_publisher();
    topic.go_on();
    return topic.sweep([&](Client& client, Doom& doom) {
      Subscriber subscriber = open_subscriber(client, topic, {.start = Start::oldest});
      doom.arm();
      View first = or_throw(subscriber.next(kNoWait));
      View second = or_throw(subscriber.next(kNoWait));
      View newest = or_throw(subscriber.latest());
      or_throw(second.release());
      or_throw(first.release());
      or_throw(newest.release());
    });
  });
}

// The publisher uses all slots again between the subscriber's look at `latest` and its hold.
TEST_F(TopicSubscriberSweep, KilledWhenItIsOvertaken) {
  const std::vector<TopicShape> shapes{{.slots = 3}, {.slots = 4}};
  sweep_each(shapes, 20, [](SweptTopic& topic) {
    topic.open_publisher();
    topic.go_on();
    const Part part{.answer = [&] { topic.go_on(); }};
    const auto overtaken = [&](const std::function<Result<View>(Subscriber&)>& view) {
      return topic.sweep(
          [&](Client& client, Doom& doom) {
            Subscriber subscriber = open_subscriber(client, topic);
            doom.interrupt(Doom::When::before_first_store, [&] { doom.ask_parent(); });
            doom.arm();
            view_and_release(view(subscriber));
          },
          part);
    };
    return overtaken([](Subscriber& subscriber) { return subscriber.latest(); }) +
           overtaken([](Subscriber& subscriber) { return subscriber.next(kNoWait); });
  });
}

TEST_F(TopicSubscriberSweep, KilledWhileItRejoinsAfterAGap) {
  const std::vector<TopicShape> shapes{{.slots = 3, .retention = Retention::lossless},
                                       {.slots = 4, .retention = Retention::lossless}};
  const std::string socket = broker_.socket();
  sweep_each(shapes, 9, [&](SweptTopic& topic) {
    topic.open_publisher();
    topic.go_on();
    return topic.sweep([&](Client& client, Doom& doom) {
      Subscriber subscriber = open_subscriber(client, topic, {.start = Start::oldest});
      const auto hand = open_memory(socket, topic.name());
      // As the publisher would have done: it is the only other one that has not seen everything.
      for (std::size_t entry = 0; entry < hand->opened().entry; ++entry) {
        std::uint64_t seen = hand->bell()->entry(entry).seen.load(std::memory_order_seq_cst);
        if (seen + 1 < topic.latest()) {
          hand->bell()->entry(entry).seen.store(layout::kDropped, std::memory_order_seq_cst);
        }
      }
      doom.arm();
      const auto refused = subscriber.next(kNoWait);
      if (refused || refused.error().code != Errc::gap) {
        throw std::runtime_error("no gap");
      }
      view_and_release(subscriber.next(kNoWait));
    });
  });
}

TEST_F(TopicSubscriberSweep, KilledOnItsWayToSleep) {
  sweep_each(viewed_shapes(), 3, [](SweptTopic& topic) {
    topic.open_publisher();
    topic.go_on();
    return topic.sweep([&](Client& client, Doom& doom) {
      Subscriber subscriber = open_subscriber(client, topic);
      or_throw(or_throw(subscriber.next(kNoWait)).release());
      static_cast<void>(or_throw(subscriber.fd()));
      doom.arm();
      static_cast<void>(subscriber.next(2ms));
      static_cast<void>(subscriber.next(kNoWait));
      steps::step(steps::Access::store);
    });
  });
}

TEST_F(TopicSubscriberSweep, KilledInASnapshot) {
  sweep_each(viewed_shapes(), 3, [](SweptTopic& topic) {
    topic.open_publisher();
    topic.go_on();
    return topic.sweep([&](Client& client, Doom& doom) {
      Subscriber subscriber = open_subscriber(client, topic);
      doom.arm();
      static_cast<void>(or_throw(subscriber.snapshot()));
      steps::step(steps::Access::store);
    });
  });
}

}  // namespace
}  // namespace tenure::test

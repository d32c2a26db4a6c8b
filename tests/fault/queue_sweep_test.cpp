// SPDX-License-Identifier: Apache-2.0
// A participant of a queue killed before its first, second, third ... store of a verb, until the
// verb is through: each time the broker repairs, no bundle is lost or doubled, and all slots are to
// be had.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/fault/queue_sweep_fixture.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

void push_doomed(Producer& producer) {
  Draft draft = or_throw(producer.draft(kNoWait));
  fill_stepwise(draft, kDoomed);
  or_throw(producer.push(std::move(draft)));
}

// 1 to K.
void fill_up(SweptQueue& queue) {
  for (std::int64_t i = 1; i <= static_cast<std::int64_t>(queue.size().slots); ++i) {
    queue.push(i);
  }
}

TEST_F(QueueSweep, KilledInAPush) {
  sweep_each(sizes(), 14, [](SweptQueue& queue) {
    return queue.sweep(with_producer(queue, push_doomed), {.has_happened = [](const Contents& all) {
                         EXPECT_LE(all.count(), 1U);
                         return all.find(kDoomed).has_value();
                       }});
  });
}

TEST_F(QueueSweep, KilledInAPushThatDropsTheOldest) {
  QueueOptions options;
  options.when_full = WhenFull::drop_oldest;
  sweep_each(
      sizes(),
      14,
      [](SweptQueue& queue) {
        const auto last = static_cast<std::int64_t>(queue.size().slots);
        const auto has_happened = [last](const Contents& all) {
          for (std::int64_t i = 2; i <= last; ++i) {
            EXPECT_EQ(all.at(i).deliveries, 1U);
          }
          const bool is_pushed = all.find(kDoomed).has_value();
          EXPECT_FALSE(is_pushed && all.find(1)) << "more than K";
          return is_pushed;
        };
        return queue.sweep(with_producer(queue, push_doomed),
                           {.prepare = [&queue] { fill_up(queue); }, .has_happened = has_happened});
      },
      options);
}

TEST_F(QueueSweep, KilledInADraftThatItDrops) {
  sweep_each(sizes(), 10, [](SweptQueue& queue) {
    return queue.sweep(with_producer(queue,
                                     [](Producer& producer) {
                                       Draft draft = or_throw(producer.draft(kNoWait));
                                       fill_stepwise(draft, kDoomed);
                                     }),
                       {});
  });
}

TEST_F(QueueSweep, KilledWithSeveralDrafts) {
  sweep_each(sizes(2), 24, [](SweptQueue& queue) {
    return queue.sweep(with_producer(queue,
                                     [](Producer& producer) {
                                       Draft first = or_throw(producer.draft(kNoWait));
                                       Draft second = or_throw(producer.draft(kNoWait));
                                       fill_stepwise(second, kDoomed + 1);
                                       fill_stepwise(first, kDoomed);
                                       or_throw(producer.push(std::move(second)));
                                       or_throw(producer.push(std::move(first)));
                                     }),
                       {.has_happened = [](const Contents& all) {
                         const bool is_first_there = all.find(kDoomed).has_value();
                         EXPECT_TRUE(!is_first_there || all.find(kDoomed + 1));
                         return is_first_there;
                       }});
  });
}

TEST_F(QueueSweep, KilledInPopAndAck) {
  sweep_each(sizes(), 12, [](SweptQueue& queue) {
    const bool has_two = queue.size().slots > 1;
    return queue.sweep(with_item(queue, [](Item& item) { or_throw(item.ack()); }),
                       {.prepare =
                            [&queue, has_two] {
                              queue.push(1);
                              if (has_two) {
                                queue.push(2);
                              }
                            },
                        .has_happened =
                            [has_two](const Contents& all) {
                              EXPECT_EQ(has_two ? all.at(2).deliveries : 1U, 1U);
                              return !all.find(1);
                            }});
  });
}

TEST_F(QueueSweep, KilledInPopManyAndAcks) {
  sweep_each(sizes(2), 20, [](SweptQueue& queue) {
    const Verb verb = with_consumer(queue, 0, [](Consumer& consumer) {
      for (Item& item : or_throw(consumer.pop_many(8, kNoWait))) {
        or_throw(item.ack());
      }
    });
    return queue.sweep(verb,
                       {.prepare =
                            [&queue] {
                              queue.push(1);
                              queue.push(2);
                            },
                        .has_happened =
                            [](const Contents& all) {
                              EXPECT_TRUE(all.find(2) || !all.find(1));
                              return !all.find(2);
                            }});
  });
}

// Whether by its own word or by its death: it is delivered again.
TEST_F(QueueSweep, KilledInANackOrWithAnItemThatItDrops) {
  const std::vector<ItemVerb> verbs{[](Item& item) { or_throw(item.nack()); },
                                    [](Item& item) { const Item dropped(std::move(item)); }};
  sweep_each(sizes(), 24, [&](SweptQueue& queue) {
    int rounds = 0;
    for (const ItemVerb& verb : verbs) {
      rounds += queue.sweep(with_item(queue, verb),
                            {.prepare = [&queue] { queue.push(1); },
                             .has_happened =
                                 [](const Contents& all) {
                                   const Found found = all.at(1);
                                   EXPECT_EQ(found.lane, 0U);
                                   EXPECT_LE(found.deliveries, 2U);
                                   return found.deliveries == 2;
                                 }});
    }
    return rounds;
  });
}

TEST_F(QueueSweep, KilledInAPassOn) {
  sweep_each(sizes(1, 2), 12, [](SweptQueue& queue) {
    return queue.sweep(with_item(queue, [](Item& item) { or_throw(item.pass_on()); }),
                       {.prepare = [&queue] { queue.push(1); },
                        .has_happened = [](const Contents& all) { return is_at(all.at(1), 1); }});
  });
}

TEST_F(QueueSweep, KilledWhileItWaitsForABundle) {
  sweep_each(sizes(), 6, [](SweptQueue& queue) {
    return queue.sweep(with_consumer(queue,
                                     0,
                                     [](Consumer& consumer) {
                                       static_cast<void>(consumer.pop(2ms));
                                       static_cast<void>(or_throw(consumer.fd()));
                                       static_cast<void>(consumer.pop(kNoWait));
                                       static_cast<void>(consumer.pop(kNoWait));
                                     }),
                       {});
  });
}

TEST_F(QueueSweep, KilledWhileItWaitsForASlot) {
  sweep_each(sizes(), 6, [](SweptQueue& queue) {
    const Verb verb = with_producer(queue, [](Producer& producer) {
      static_cast<void>(producer.draft(2ms));
      static_cast<void>(or_throw(producer.fd()));
      static_cast<void>(producer.draft(kNoWait));
      static_cast<void>(producer.draft(kNoWait));
    });
    const auto last = static_cast<std::int64_t>(queue.size().slots);
    const auto are_all_there = [last](const Contents& all) {
      for (std::int64_t i = 1; i <= last; ++i) {
        EXPECT_EQ(all.at(i).deliveries, 1U);
      }
      return true;
    };
    return queue.sweep(verb,
                       {.prepare = [&queue] { fill_up(queue); }, .has_happened = are_all_there});
  });
}

class QueueEndSweep : public QueueSweep {
 protected:
  // What is killed in the end of a queue is killed in a fresh one each time.
  void sweep_fresh(int fewest,
                   const std::function<Verb(SweptQueue&)>& verb,
                   const std::function<void(SweptQueue&)>& prepare,
                   const std::function<bool(SweptQueue&, const Contents&)>& has_happened) {
    for (const QueueSize& size : sizes()) {
      bool is_through = false;
      bool had_happened = false;
      int rounds = 0;
      while (!is_through && rounds < 100 && !HasFailure()) {
        SweptQueue queue(broker_.socket(), size);
        is_through = queue.round(++rounds,
                                 verb(queue),
                                 {.prepare = [&] { prepare(queue); },
                                  .has_happened =
                                      [&](const Contents& all) {
                                        const bool has = has_happened(queue, all);
                                        EXPECT_TRUE(has || !had_happened) << "undone";
                                        return had_happened = has;
                                      }});
      }
      EXPECT_TRUE(is_through);
      EXPECT_GE(rounds, fewest) << name_of(size);
      rounds_ += rounds;
    }
    report();
  }
};

TEST_F(QueueEndSweep, KilledInFinish) {
  sweep_fresh(
      3,
      [](SweptQueue& queue) {
        return with_producer(queue, [](Producer& producer) { or_throw(producer.finish()); });
      },
      [](SweptQueue& queue) { queue.push(1); },
      [](SweptQueue& queue, const Contents& all) {
        EXPECT_EQ(all.at(1).deliveries, 1U);
        return queue.has_finished();
      });
}

// The queue ends between the draft and the push.
TEST_F(QueueEndSweep, KilledInThePushAfterTheEnd) {
  sweep_fresh(
      12,
      [](SweptQueue& queue) {
        return Verb([&queue](Client& client, Doom& doom) {
          Producer producer = or_throw(client.producer(queue.name()));
          Draft draft = or_throw(producer.draft(kNoWait));
          or_throw(producer.finish());
          doom.arm();
          fill_stepwise(draft, kDoomed);
          or_throw(producer.push(std::move(draft)));
          steps::step(steps::Access::store);
        });
      },
      [](SweptQueue&) {},
      [](SweptQueue& queue, const Contents& all) {
        EXPECT_TRUE(queue.has_finished());
        return all.find(kDoomed).has_value();
      });
}

// And between the look at the rings and the look at the end: it gives the slot back.
TEST_F(QueueEndSweep, KilledInTheDraftThatComesTooLate) {
  sweep_fresh(
      2,
      [](SweptQueue& queue) {
        return with_producer(queue, [](Producer& producer) {
          const auto refused = producer.draft(kNoWait);
          if (refused || refused.error().code != Errc::finished) {
            throw std::runtime_error("a draft after the end");
          }
        });
      },
      [](SweptQueue& queue) { queue.finish(); },
      [](SweptQueue&, const Contents& all) {
        EXPECT_EQ(all.count(), 0U);
        return true;
      });
}

TEST_F(QueueEndSweep, KilledInTheLastAck) {
  sweep_fresh(
      12,
      [](SweptQueue& queue) { return with_item(queue, [](Item& item) { or_throw(item.ack()); }); },
      [](SweptQueue& queue) {
        queue.push(1);
        queue.finish();
      },
      [](SweptQueue&, const Contents& all) { return !all.find(1); });
}

}  // namespace
}  // namespace tenure::test

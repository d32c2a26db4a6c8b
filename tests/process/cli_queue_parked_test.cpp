// SPDX-License-Identifier: Apache-2.0
// `parked`: bundles that were set aside are shown, delivered again, dropped.
#include <unistd.h>

#include "tests/process/cli_queue_fixture.hpp"

namespace tenure {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class CliParked : public CliQueue {
 protected:
  // At most a quarter of the slots can be.
  void park(std::uint64_t tag) const {
    push(tag);
    EXPECT_EQ(pop({"--park"})["tag"], tag);
  }
  // The tags, in their order.
  [[nodiscard]] std::vector<std::uint64_t> parked() const {
    std::vector<std::uint64_t> tags;
    const auto shown = tool({"parked", "q", "--json"}).json();
    for (const auto& bundle : shown["parked"]) {
      tags.push_back(bundle["tag"]);
    }
    return tags;
  }
};

using Tags = std::vector<std::uint64_t>;

TEST_F(CliParked, AreShownAndStayAsTheyWere) {
  EXPECT_EQ(ok({"parked", "q"}), "nothing is parked\n");
  park(1);
  park(2);
  EXPECT_THAT(ok({"parked", "q"}),
              MatchesRegex("# +DELIVERIES +TENSORS +SIZE +TAG +STATE *\n"
                           "1 +1 +x\\[1\\] +8 B +1 +parked *\n"
                           "2 +1 +x\\[1\\] +8 B +2 +parked *\n"));
  EXPECT_EQ(parked(), (Tags{1, 2}));
  EXPECT_EQ(parked(), (Tags{1, 2}));
  const auto json = tool({"parked", "q", "--json"}).json();
  EXPECT_EQ(json["name"], "q");
  EXPECT_EQ(json["parked"][0]["deliveries"], 1);
  EXPECT_EQ(json["parked"][0]["poisoned"], false);
  EXPECT_EQ(json["parked"][0]["tensors"][0]["name"], "x");
}

TEST_F(CliParked, AreDeliveredAgain) {
  park(1);
  park(2);
  EXPECT_EQ(ok({"parked", "q", "--requeue", "1"}), "q: 1 requeued\n");
  EXPECT_EQ(parked(), Tags{2});
  EXPECT_EQ(pop()["tag"], 1);
  EXPECT_EQ(tool({"parked", "q", "--requeue", "all", "--json"}).json(),
            (nlohmann::json{{"name", "q"}, {"requeued", 1}, {"poisoned", 0}}));
  EXPECT_EQ(pop()["tag"], 2);
  EXPECT_EQ(ok({"parked", "q", "--requeue", "all"}), "q: 0 requeued\n");
}

TEST_F(CliParked, AreDropped) {
  park(1);
  park(2);
  EXPECT_EQ(ok({"parked", "q", "--drop", "1"}), "q: 1 dropped\n");
  EXPECT_EQ(parked(), Tags{2});
  EXPECT_EQ(ok({"parked", "q", "--drop", "all"}), "q: 1 dropped\n");
  EXPECT_EQ(info().slots_held, 0U);
}

TEST_F(CliParked, ArePoppedToAFile) {
  park(1);
  EXPECT_EQ(ok({"pop", "q", "--lane", "parked", "--park", "-o", "y.npy"}),
            "y.npy: the parked, x int64[1], 8 B\n");
  EXPECT_EQ(read("y.npy"), read("x.npy"));
  EXPECT_TRUE(pop({"--lane", "parked"})["lane"].is_null());
  EXPECT_EQ(info().parked, 0U);
  EXPECT_THAT(tool({"pop", "q", "--lane", "parked"}).errors,
              StartsWith("tenure: q: empty: nothing is parked\n"));
}

TEST_F(CliParked, OfAnEndedQueueAreOnlyDropped) {
  park(1);
  ok({"push", "q", "--finish"});
  const auto refused = tool({"parked", "q", "--requeue", "all"});
  EXPECT_EQ(refused.status, 9);
  EXPECT_EQ(refused.errors,
            "tenure: q: finished: the queue has ended, and delivers none of its 1 parked\n"
            "hint: `tenure pop q --lane parked -o DIR/` writes one to files, "
            "`tenure parked q --drop all` frees all\n");
  EXPECT_EQ(parked(), Tags{1});
  EXPECT_EQ(ok({"parked", "q", "--drop", "all"}), "q: 1 dropped\n");
}

TEST_F(CliParked, ThatArePoisonedAreOnlyDropped) {
  ok({"create", "p", "x:int64:1", "--queue", "--slots", "8", "--in-place"});
  ok({"push", "p", "x.npy"});
  support::Child half([this]() -> int {
    Client own = connect();
    Consumer consumer = or_throw(own.consumer("p"));
    Item item = or_throw(consumer.pop(kNoWait));
    or_throw(item.writable("x"));
    ::_exit(0);
  });
  ASSERT_EQ(half.wait(std::chrono::seconds(20)), 0);
  ASSERT_TRUE(support::eventually([&] { return or_throw(connect().inspect("p")).poisoned == 1; }));
  EXPECT_THAT(ok({"parked", "p"}), HasSubstr("poisoned"));
  EXPECT_THAT(ok({"queue", "p"}), HasSubstr("1 poisoned"));
  EXPECT_THAT(ok({"inspect", "p"}), HasSubstr("1 parked (1 poisoned)"));
  const auto refused = tool({"parked", "p", "--requeue", "all"});
  EXPECT_EQ(refused.status, 8);
  EXPECT_THAT(refused.errors, StartsWith("tenure: p: poisoned: 1 parked, half-changed"));
  EXPECT_THAT(refused.errors, HasSubstr("hint: `tenure parked p --drop all` frees their slots\n"));
  EXPECT_EQ(ok({"parked", "p", "--drop", "all"}), "p: 1 dropped\n");
}

}  // namespace
}  // namespace tenure

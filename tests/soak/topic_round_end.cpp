// SPDX-License-Identifier: Apache-2.0
// After a round everybody is dead: nothing may be left over.
#include <string>

#include "tests/soak/interrupt.hpp"
#include "tests/soak/topic_round.hpp"
#include "tests/support/child.hpp"

namespace tenure::soak {

using namespace std::chrono_literals;

void TopicRound::check_left_over() {
  check_processes(*board_, venue_.broker);
  for (std::uint32_t topic = 0; topic < plan_.topics.size(); ++topic) {
    if (!is_interrupted()) {
      check_topic(topic);
      refill(topic);
    }
    if (auto removed = venue_.client.remove(topic_name(board_->round, topic)); !removed) {
      violation(describe_topic(topic) + ": remove: " + removed.error().message());
    }
  }
}

void TopicRound::check_topic(std::uint32_t topic) {
  SegmentInfo info;
  const bool is_clean = support::eventually(
      [&] {
        auto inspected = venue_.client.inspect(topic_name(board_->round, topic));
        if (inspected) {
          info = *std::move(inspected);
        }
        return inspected && info.users == 0 && !info.publisher && info.slots_held == 0 &&
               info.readers.empty();
      },
      20s);
  if (!is_clean) {
    violation(describe_topic(topic) + ": left over: " + std::to_string(info.users) + " users, " +
              std::to_string(info.slots_held) + " slots held, " +
              std::to_string(info.readers.size()) + " readers");
  }
}

void TopicRound::refill(std::uint32_t topic) {
  const std::string fault =
      run_last(board_, venue_, kMaxWorkers - 1, {.role = Role::refill, .topic = topic});
  if (!fault.empty()) {
    violation(describe_topic(topic) + ": cannot be filled again: " + fault);
  }
}

}  // namespace tenure::soak

// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/oversleep.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

// More than anything but the next look of a sleeper, which comes after a second, should take.
constexpr auto kMostLate = 600ms;
constexpr auto kSampleAge = 50ms;

}  // namespace

std::chrono::nanoseconds run_delay() {
  std::int64_t sum = 0;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
    std::ifstream file(task.path() / "schedstat");
    std::int64_t ran = 0;
    std::int64_t waited = 0;
    if (file >> ran >> waited) {
      sum += waited;
    }
  }
  return std::chrono::nanoseconds(sum);
}

void OversleepCheck::begin(std::uint64_t last) {
  last_ = last;
  stops_ = worker_.own().stops;
  began_ = now();
  if (began_ - sampled_ > kSampleAge) {  // An older sample counts more delay: never a false alarm.
    sampled_ = began_;
    run_delay_ = run_delay();
  }
}

// When at the latest there was something newer than what had been seen: the oldest such entry.
std::optional<std::chrono::nanoseconds> OversleepCheck::news_since() const {
  const TopicBoard& topic = worker_.topic();
  std::optional<std::chrono::nanoseconds> since;
  const std::uint64_t count = topic.news_count;
  for (std::uint64_t back = 1; back <= std::min<std::uint64_t>(count, kRemembered - 1); ++back) {
    const auto& news = topic.news.at((count - back) % kRemembered);
    if (news.version <= last_) {
      break;
    }
    since = std::chrono::nanoseconds(news.at_ns);
  }
  return since;
}

void OversleepCheck::end(bool has_news) {
  const auto ended = now();
  if (!has_news || last_ == 0 || ended - began_ < kMostLate || worker_.own().stops != stops_) {
    return;
  }
  const auto at = news_since();
  if (!at) {
    return;
  }
  const auto late = ended - std::max(*at, began_) - (run_delay() - run_delay_);
  if (late > kMostLate) {
    worker_.violation(
        "overslept v" + std::to_string(last_ + 1) + " by " +
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(late).count()) +
        " ms");
  }
}

}  // namespace tenure::soak

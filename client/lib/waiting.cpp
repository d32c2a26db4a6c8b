// SPDX-License-Identifier: Apache-2.0
#include "client/lib/waiting.hpp"

namespace tenure::detail {

using namespace std::chrono_literals;

namespace {

// Where a futex can only be waited for alone, an interruption is noticed this late.
constexpr std::chrono::milliseconds kBlindSlice{20};

sync::Deadline sooner(sync::Deadline deadline, std::chrono::nanoseconds slice) noexcept {
  return std::min(deadline, sync::monotonic_now() + slice);
}

}  // namespace

Error superseded_error(const std::string& name) {
  return {.code = Errc::superseded,
          .detail = name + " has got fresh memory",
          .hint = "reopen() the role"};
}

void sleep_on(const Wait& wait,
              const sync::WaitWord& word,
              std::chrono::nanoseconds slice) noexcept {
  const sync::Deadline until = sooner(*wait.deadline, slice);
  const std::array<sync::WaitWord, 2> words{
      word,
      sync::WaitWord{.word = &wait.session.interruption().word(), .expected = wait.interruptions}};
  if (!sync::futex_wait_any(words, until)) {
    sync::futex_wait(*word.word, word.expected, sooner(until, kBlindSlice));
  }
}

void TopicSleeper::announce() noexcept {
  if (place_.flags != nullptr) {
    expected_ = sync::announce_sleep(place_.word, *place_.flags);
  } else {
    // acquire: as in announce_sleep(); an observer raises no flag and looks again soon.
    // pairs: wake.word
    expected_ = place_.word.load(std::memory_order_acquire);
  }
}

void TopicSleeper::sleep() noexcept {
  sleep_on(wait_, {.word = &place_.word, .expected = expected_}, place_.slice);
}

Result<void> check_wait(const Wait& wait) {
  if (wait.session.interruption().count() != wait.interruptions) {
    return interrupted_error();
  }
  // relaxed: looked at again with every call. alone: topic.superseded
  if (wait.superseded.load(std::memory_order_relaxed) != 0) {
    return superseded_error(wait.name);
  }
  WaitMemory& memory = wait.memory;
  if (!memory.has_told_gone && sync::monotonic_now() >= memory.next_look) {
    memory.next_look = sync::monotonic_now() + kSocketLook;
    if (!wait.session.is_connected()) {
      memory.has_told_gone = true;
      return wait.session.gone_error();
    }
  }
  return {};
}

}  // namespace tenure::detail

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

Sleeper::Sleeper(const SleepPlace& place, const Wait& wait) noexcept : place_(place), wait_(wait) {
}

void Sleeper::announce() noexcept {
  if (place_.flags != nullptr) {
    expected_ = sync::announce_sleep(place_.word, *place_.flags);
  } else {
    // acquire: as in announce_sleep(); an observer raises no flag and looks again soon.
    // pairs: wake.word
    expected_ = place_.word.load(std::memory_order_acquire);
  }
}

void Sleeper::sleep() noexcept {
  const sync::Deadline until = sooner(*wait_.deadline, place_.slice);
  const std::array<sync::WaitWord, 2> words{
      sync::WaitWord{.word = &place_.word, .expected = expected_},
      sync::WaitWord{.word = &wait_.session.interruption().word(),
                     .expected = wait_.interruptions}};
  if (!sync::futex_wait_any(words, until)) {
    sync::futex_wait(place_.word, expected_, sooner(until, kBlindSlice));
  }
}

Result<void> Sleeper::check() {
  if (wait_.session.interruption().count() != wait_.interruptions) {
    return interrupted_error();
  }
  // relaxed: looked at again with every call. alone: topic.superseded
  if (wait_.superseded.load(std::memory_order_relaxed) != 0) {
    return superseded_error(wait_.name);
  }
  WaitMemory& memory = wait_.memory;
  if (!memory.has_told_gone && sync::monotonic_now() >= memory.next_look) {
    memory.next_look = sync::monotonic_now() + kSocketLook;
    if (!wait_.session.is_connected()) {
      memory.has_told_gone = true;
      return wait_.session.gone_error();
    }
  }
  return {};
}

}  // namespace tenure::detail

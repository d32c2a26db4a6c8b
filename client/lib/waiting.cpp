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

Sleeper::Sleeper(const SleepPlace& place, const WaitContext& context) noexcept
    : place_(place),
      context_(context),
      interruptions_(context.session.interruption().count()),
      next_socket_look_(sync::monotonic_now() + kSocketLook) {
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

void Sleeper::sleep(sync::Deadline deadline) noexcept {
  const sync::Deadline until = sooner(deadline, place_.slice);
  const std::array<sync::WaitWord, 2> words{
      sync::WaitWord{.word = &place_.word, .expected = expected_},
      sync::WaitWord{.word = &context_.session.interruption().word(), .expected = interruptions_}};
  if (!sync::futex_wait_any(words, until)) {
    sync::futex_wait(place_.word, expected_, sooner(until, kBlindSlice));
  }
}

Result<void> Sleeper::check() {
  if (context_.session.interruption().count() != interruptions_) {
    return Error{.code = Errc::cancelled, .detail = "interrupted"};
  }
  // relaxed: looked at again with every call. alone: topic.superseded
  if (context_.superseded.load(std::memory_order_relaxed) != 0) {
    return Error{.code = Errc::superseded,
                 .detail = "the segment has got fresh memory",
                 .hint = "reopen() the role"};
  }
  if (!context_.has_told_gone && sync::monotonic_now() >= next_socket_look_) {
    next_socket_look_ = sync::monotonic_now() + kSocketLook;
    if (!context_.session.is_connected()) {
      context_.has_told_gone = true;
      return context_.session.gone_error();
    }
  }
  return {};
}

}  // namespace tenure::detail

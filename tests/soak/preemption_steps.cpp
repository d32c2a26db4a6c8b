// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <ctime>

#include "tests/soak/preemption.hpp"
#include "tests/soak/random.hpp"
#include "tests/support/steps/step.hpp"

namespace tenure::soak {
namespace {

WorkerBoard* self = nullptr;
std::atomic<std::uint64_t> steps_made{0};
std::atomic<std::uint64_t> threads{0};

void yield(Random& random) noexcept {
  const std::uint64_t kind = random.below(16);
  if (kind < 8) {
    ::sched_yield();
    return;
  }
  const std::uint64_t most_us = kind < 15 ? 60 : 3000;
  const ::timespec pause{.tv_sec = 0,
                         .tv_nsec = static_cast<long>(random.between(1, most_us) * 1000)};
  ::nanosleep(&pause, nullptr);
}

void act(steps::Access /*next*/) noexcept {
  const WorkerSpec& spec = self->spec;
  const std::uint64_t step = steps_made.fetch_add(1, std::memory_order_relaxed) + 1;
  if (step == spec.fatal_step) {
    self->ended_lives.store(self->lives.load());
    ::kill(::getpid(), SIGKILL);
  }
  if (step == spec.stop_step) {
    self->stops.fetch_add(1);
    ::kill(::getpid(), SIGSTOP);
  }
  thread_local Random random(spec.seed + threads.fetch_add(1, std::memory_order_relaxed));
  if (spec.yield_one_in != 0 && random.one_in(spec.yield_one_in)) {
    yield(random);
  }
}

}  // namespace

void provoke_preemption(WorkerBoard& worker) {
  self = &worker;
  steps::installed = act;
}

void end_preemption() noexcept {
  steps::installed = nullptr;
}

}  // namespace tenure::soak

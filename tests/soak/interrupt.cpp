// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/interrupt.hpp"

namespace tenure::soak {
namespace {

volatile std::sig_atomic_t caught = 0;

void on_signal(int /*signal*/) {
  caught = 1;
}

}  // namespace

void catch_interrupts() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool is_interrupted() noexcept {
  return caught != 0;
}

InterruptsBlocked::InterruptsBlocked() noexcept {
  ::sigset_t interrupt;
  ::sigemptyset(&interrupt);
  ::sigaddset(&interrupt, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &interrupt, &before_);
}

InterruptsBlocked::~InterruptsBlocked() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace tenure::soak

// SPDX-License-Identifier: Apache-2.0
#include "client/cli/interruption.hpp"

#include <unistd.h>

#include <csignal>
#include <initializer_list>

namespace tenure::cli {
namespace {

constexpr unsigned kPatienceSeconds = 2;

volatile std::sig_atomic_t g_signal = 0;  // Written by the handler, which may run on any thread.

void set_handler(int signal, void (*handler)(int), int flags) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

// SA_RESETHAND: the next one of the same kind ends the process, as it does without a handler.
void remember(int signal) {
  g_signal = signal;
  ::alarm(kPatienceSeconds);
}

void give_up(int /*alarm*/) {
  set_handler(g_signal, SIG_DFL, 0);
  ::raise(g_signal);
}

}  // namespace

Interruption::Interruption() noexcept {
  g_signal = 0;
  set_handler(SIGALRM, give_up, 0);
  set_handler(SIGINT, remember, static_cast<int>(SA_RESETHAND));
  set_handler(SIGTERM, remember, static_cast<int>(SA_RESETHAND));
}

Interruption::~Interruption() {
  ::alarm(0);
  for (const int signal : {SIGINT, SIGTERM, SIGALRM}) {
    set_handler(signal, SIG_DFL, 0);
  }
}

int Interruption::signal() const noexcept {
  return g_signal;
}

int Interruption::exit_status() const noexcept {
  return g_signal == 0 ? 0 : 128 + g_signal;
}

}  // namespace tenure::cli

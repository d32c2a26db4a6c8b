// SPDX-License-Identifier: Apache-2.0
#include "client/cli/interruption.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "client/cli/refusal.hpp"

namespace tenure::cli {
namespace {

volatile std::sig_atomic_t g_signal = 0;  // Written by the handler, which may run on any thread.
volatile std::sig_atomic_t g_fd = -1;

void handle(int signal) {
  const int saved = errno;
  g_signal = signal;
  const std::uint64_t one = 1;
  // An eventfd takes it unless its counter is full, and then it is readable already.
  [[maybe_unused]] const auto written = ::write(g_fd, &one, sizeof(one));
  errno = saved;
}

void handle_by(void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

Interruption::Interruption() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!fd_) {
    throw Refusal("eventfd",
                  {.code = Errc::too_many, .sys_errno = errno, .detail = std::strerror(errno)});
  }
  g_fd = fd_.get();
  g_signal = 0;
  handle_by(handle);
}

Interruption::~Interruption() {
  handle_by(SIG_DFL);
  g_fd = -1;
}

int Interruption::signal() const noexcept {
  return g_signal;
}

int Interruption::exit_status() const noexcept {
  return g_signal == 0 ? 0 : 128 + g_signal;
}

}  // namespace tenure::cli

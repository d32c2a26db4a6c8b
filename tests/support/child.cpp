// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>

namespace tenure::support {
namespace {

int run_guarded(const std::function<int()>& body) {
  try {
    return body();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "child %d: %s\n", ::getpid(), failure.what());
    return 99;
  }
}

}  // namespace

Child::Child(const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) {
    throw std::runtime_error("fork failed");
  }
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int status = ::getppid() == parent ? run_guarded(body) : 98;
    std::fflush(nullptr);
    ::_exit(status);
  }
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {
}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, 0);
  }
  return *this;
}

Child::~Child() {
  kill();
}

void Child::signal(int signal) const noexcept {
  if (pid_ > 0) {
    ::kill(pid_, signal);
  }
}

void Child::kill() noexcept {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }
}

int Child::wait(std::chrono::milliseconds timeout) {
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  ::pollfd end{.fd = pidfd, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&end, 1, static_cast<int>(timeout.count()));
  ::close(pidfd);
  if (ready != 1) {
    return -1;
  }
  int status = 0;
  ::waitpid(std::exchange(pid_, 0), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    ::poll(nullptr, 0, 1);
  }
  return true;
}

}  // namespace tenure::support

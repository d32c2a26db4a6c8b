// SPDX-License-Identifier: Apache-2.0
#include "client/examples/runner/child_process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace examples {
namespace {

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// In the child: only calls that are safe after a fork.
[[noreturn]] void become(const Launch& launch, char* const* arguments, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(127);  // The parent died before the line above could tell.
  }
  if ((launch.standard_output >= 0 && ::dup2(launch.standard_output, STDOUT_FILENO) < 0) ||
      (launch.standard_error >= 0 && ::dup2(launch.standard_error, STDERR_FILENO) < 0)) {
    ::_exit(127);
  }
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

std::string Ending::text() const {
  return signal != 0 ? "signal " + std::to_string(signal)
                     : "exit code " + std::to_string(exit_code);
}

ChildProcess ChildProcess::start(const Launch& launch) {
  std::string program = launch.program.string();
  if (::access(program.c_str(), X_OK) != 0) {
    throw_errno(program);
  }
  std::vector<std::string> words = launch.arguments;
  std::vector<char*> arguments{program.data()};
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    throw_errno("fork");
  }
  if (pid == 0) {
    become(launch, arguments.data(), parent);
  }
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  ChildProcess child(pid, tenure::os::UniqueFd(pidfd));
  if (pidfd < 0) {
    throw_errno("pidfd_open");
  }
  return child;
}

ChildProcess::ChildProcess(pid_t pid, tenure::os::UniqueFd pidfd) noexcept
    : pid_(pid), pidfd_(std::move(pidfd)) {
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)), ending_(other.ending_) {
}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  // What this one was ends with `other`.
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(ending_, other.ending_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0 && running()) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

void ChildProcess::send(int signal) noexcept {
  if (pid_ > 0 && running()) {
    ::kill(pid_, signal);  // Not reaped yet: the pid is still this child's.
  }
}

std::optional<Ending> ChildProcess::wait(std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (running()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd ended{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&ended, 1, static_cast<int>(std::max(left.count(), 0L)));
    if (ready < 0 && errno != EINTR) {
      throw_errno("poll");
    }
    if (ready == 0) {
      return std::nullopt;
    }
    int status = 0;
    if (ready > 0) {
      if (::waitpid(pid_, &status, 0) != pid_) {
        throw_errno("waitpid");
      }
      ending_ = WIFSIGNALED(status) ? Ending{.exit_code = -1, .signal = WTERMSIG(status)}
                                    : Ending{.exit_code = WEXITSTATUS(status), .signal = 0};
    }
  }
  return ending_;
}

}  // namespace examples

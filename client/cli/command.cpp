// SPDX-License-Identifier: Apache-2.0
#include "client/cli/command.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "proto/os/unique_fd.hpp"

namespace tenure::cli {
namespace {

constexpr int kExitOfSignal = 128;

volatile std::sig_atomic_t g_child = 0;  // Who gets what is passed on; read by the handler.
std::optional<::rlimit> g_descriptors;   // What MoreDescriptors found.

void pass_on(int signal) {
  if (g_child > 0) {
    ::kill(static_cast<pid_t>(g_child), signal);
  }
}

// While it lives, signals that would end this process go to the command; until there is one, they
// wait.
class SignalsToCommand {
 public:
  SignalsToCommand() noexcept {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int signal : kSignals) {
      ::sigaddset(&signals, signal);
    }
    ::sigprocmask(SIG_BLOCK, &signals, &mask_before_);
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      struct sigaction action{};
      action.sa_handler = i < kIgnored ? SIG_IGN : pass_on;
      action.sa_flags = SA_RESTART;
      ::sigaction(kSignals[i], &action, &before_[i]);
    }
  }
  ~SignalsToCommand() { restore(); }
  SignalsToCommand(const SignalsToCommand&) = delete;
  SignalsToCommand& operator=(const SignalsToCommand&) = delete;

  void pass_on_to(pid_t child) const noexcept {
    g_child = child;
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  }
  // Also in the child: the command begins with what this process had.
  void restore() const noexcept {
    g_child = 0;
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      ::sigaction(kSignals[i], &before_[i], nullptr);
    }
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  }

 private:
  static constexpr std::array kSignals{SIGINT, SIGQUIT, SIGTERM, SIGHUP};
  static constexpr std::size_t kIgnored = 2;
  std::array<struct sigaction, kSignals.size()> before_{};
  sigset_t mask_before_{};
};

// In the child: does not come back.
[[noreturn]] void become(const Command& command, int failed_fd) {
  for (const auto& [name, value] : command.environment) {
    if (value) {
      ::setenv(name.c_str(), value->c_str(), 1);
    } else {
      ::unsetenv(name.c_str());
    }
  }
  MoreDescriptors::restore();
  std::vector<char*> words;
  for (const std::string& word : command.words) {
    words.push_back(const_cast<char*>(word.c_str()));  // execvp does not write to them.
  }
  words.push_back(nullptr);
  errno = EBADF;
  if (command.prepare()) {
    ::execvp(words.front(), words.data());
  }
  const int failure = errno;
  static_cast<void>(::write(failed_fd, &failure, sizeof failure));
  ::_exit(EXIT_FAILURE);
}

// 0: the program runs.
int failure_of_start(int fd) noexcept {
  int failure = 0;
  ssize_t got = 0;
  do {
    got = ::read(fd, &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof failure) ? failure : 0;
}

// Its number stays its own until it is reaped, and nothing is passed on from then on.
int wait_for(pid_t child) noexcept {
  ::siginfo_t info{};
  while (::waitid(P_PID, static_cast<::id_t>(child), &info, WEXITED | WNOWAIT) < 0 &&
         errno == EINTR) {
  }
  g_child = 0;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

Error cannot_run(int failure) {
  const Errc code = failure == ENOENT   ? Errc::not_found
                    : failure == EACCES ? Errc::denied
                    : failure == ENOMEM ? Errc::no_memory
                                        : Errc::bad_request;
  return {.code = code,
          .sys_errno = failure,
          .detail = "cannot run it: " + std::string(std::strerror(failure))};
}

}  // namespace

MoreDescriptors::MoreDescriptors() noexcept {
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return;
  }
  g_descriptors = limit;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

MoreDescriptors::~MoreDescriptors() {
  restore();
}

void MoreDescriptors::restore() noexcept {
  if (const auto limit = std::exchange(g_descriptors, {})) {
    ::setrlimit(RLIMIT_NOFILE, &*limit);
  }
}

Result<CommandEnd> run_command(const Command& command, const std::function<void()>& started) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return cannot_run(errno);
  }
  const os::UniqueFd failed(ends[0]);
  os::UniqueFd failing(ends[1]);
  const SignalsToCommand signals;
  const pid_t child = ::fork();
  if (child < 0) {
    return cannot_run(errno);
  }
  if (child == 0) {
    signals.restore();
    become(command, failing.get());
  }
  signals.pass_on_to(child);
  failing.reset();
  const int failure = failure_of_start(failed.get());
  started();
  const int status = wait_for(child);
  if (failure != 0) {
    return cannot_run(failure);
  }
  return WIFSIGNALED(status) ? CommandEnd{.exit_status = kExitOfSignal + WTERMSIG(status),
                                          .signal = WTERMSIG(status)}
                             : CommandEnd{.exit_status = WEXITSTATUS(status)};
}

}  // namespace tenure::cli

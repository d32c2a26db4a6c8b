// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/own_broker.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "client/cli/bench/cpus.hpp"

namespace tenure::cli::bench {
namespace {

// The one beside this program, else what execvp() finds on PATH.
std::string program() {
  std::array<char, 4096> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  std::string beside(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  beside.resize(beside.rfind('/') == std::string::npos ? 0 : beside.rfind('/'));
  beside += "/tenured";
  return ::access(beside.c_str(), X_OK) == 0 ? beside : "tenured";
}

[[noreturn]] void run_child(const std::string& path,
                            const std::string& socket,
                            pid_t parent,
                            int failure_fd) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(1);
  }
  ::setpgid(0, 0);  // Ctrl-C is for the tool, which ends this one when it is done.
  const int log = ::open("/dev/null", O_RDWR);
  if (log >= 0) {
    ::dup2(log, STDIN_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
  }
  ::execlp(path.c_str(), "tenured", "--socket", socket.c_str(), nullptr);
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(failure_fd, &error, sizeof(error));
  ::_exit(1);
}

Error start_error(int error) {
  return {
      .code = error == ENOENT   ? Errc::not_found
              : error == EACCES ? Errc::denied
                                : Errc::too_many,
      .sys_errno = error,
      .detail = "no broker answers, and none can be started: " + std::string(std::strerror(error)),
      .hint = "install `tenured` beside `tenure` or on PATH, or name a broker with --socket"};
}

}  // namespace

OwnBroker::OwnBroker(std::string directory, pid_t pid) noexcept
    : directory_(std::move(directory)), pid_(pid) {
}

OwnBroker::OwnBroker(OwnBroker&& other) noexcept
    : directory_(std::exchange(other.directory_, {})), pid_(std::exchange(other.pid_, 0)) {
}

Result<OwnBroker> OwnBroker::start() {
  const char* temporary = std::getenv("TMPDIR");
  std::string directory(temporary == nullptr || *temporary == '\0' ? "/tmp" : temporary);
  directory += "/tenure-bench-XXXXXX";
  std::array<int, 2> failure{-1, -1};
  if (::mkdtemp(directory.data()) == nullptr) {
    return start_error(errno);
  }
  OwnBroker broker(std::move(directory), 0);
  if (::pipe2(failure.data(), O_CLOEXEC) != 0) {
    return start_error(errno);
  }
  const std::string path = program();
  const std::string socket = broker.socket();
  const pid_t parent = ::getpid();
  broker.pid_ = ::fork();
  if (broker.pid_ == 0) {
    run_child(path, socket, parent, failure[1]);
  }
  int error = broker.pid_ < 0 ? errno : 0;
  ::close(failure[1]);
  // Closed by a successful exec, the pipe ends without an error in it.
  while (error == 0 && ::read(failure[0], &error, sizeof(error)) < 0 && errno == EINTR) {
  }
  ::close(failure[0]);
  if (error != 0) {
    return start_error(error);
  }
  return broker;
}

// Its first thread is the one that answers.
Result<void> OwnBroker::pin_to(int cpu) {
  return bench::pin_to(cpu, pid_);
}

OwnBroker::~OwnBroker() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (!directory_.empty()) {
    ::unlink(socket().c_str());
    ::rmdir(directory_.c_str());
  }
}

}  // namespace tenure::cli::bench

// SPDX-License-Identifier: Apache-2.0
#include "tests/support/private_broker.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace tenure::support {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kProbeTimeoutMs = 5000;

std::string make_directory() {
  std::string path = (std::filesystem::temp_directory_path() / "tenure-test-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr || ::chmod(path.c_str(), 0755) != 0) {
    throw std::runtime_error("mkdtemp " + path + ": " + std::strerror(errno));
  }
  return path;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

// This process's environment with `changes` over it; nothing of it may steer the daemon.
std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> result = changes;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const std::string name = text.substr(0, text.find('=') + 1);
    const bool is_ours = name.starts_with("TENURE_") && name != "TENURE_MASK=";
    const bool is_changed = std::ranges::any_of(
        changes, [&](const std::string& change) { return change.starts_with(name); });
    if (!is_ours && !is_changed) {
      result.push_back(text);
    }
  }
  return result;
}

// Knocks, and waits until the broker has let go of it again: a test may count the broker's fds.
bool can_connect(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const bool connected =
      ::connect(fd, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) == 0;
  if (connected) {
    ::shutdown(fd, SHUT_WR);
    ::pollfd end{.fd = fd, .events = POLLIN, .revents = 0};
    ::poll(&end, 1, kProbeTimeoutMs);
  }
  ::close(fd);
  return connected;
}

void pause_briefly() {
  const ::timespec millisecond{.tv_sec = 0, .tv_nsec = 1'000'000};
  ::nanosleep(&millisecond, nullptr);
}

}  // namespace

std::string tenured_path() {
  return TENURE_TENURED_PATH;
}

PrivateBroker::PrivateBroker(const PrivateBrokerOptions& options)
    : timeout_(options.timeout),
      directory_(make_directory()),
      socket_(directory_ + "/control.sock") {
  try {
    start(options);
    wait_until_it_answers();
  } catch (...) {
    if (pid_ != 0) {
      stop(SIGKILL);
    }
    std::filesystem::remove_all(directory_);
    throw;
  }
}

PrivateBroker::~PrivateBroker() {
  if (pid_ != 0) {
    stop(SIGTERM);
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string PrivateBroker::log() const {
  const std::ifstream file(directory_ + "/log");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool PrivateBroker::wait_for_log(const std::string& text) const {
  const auto deadline = Clock::now() + timeout_;
  while (log().find(text) == std::string::npos) {
    if (Clock::now() > deadline) {
      return false;
    }
    pause_briefly();
  }
  return true;
}

int PrivateBroker::stop(int signal) {
  if (pid_ == 0) {
    return 0;
  }
  ::kill(pid_, signal);
  ::kill(pid_, SIGCONT);
  return wait_for_end();
}

void PrivateBroker::start(const PrivateBrokerOptions& options) {
  std::vector<std::string> arguments{tenured_path(), "--socket", socket_};
  std::ranges::copy(options.arguments, std::back_inserter(arguments));
  std::vector<std::string> environment = environment_with(options.environment);
  const std::vector<char*> argv = pointers_to(arguments);
  const std::vector<char*> envp = pointers_to(environment);
  const std::string log_path = directory_ + "/log";
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) {
    pid_ = 0;
    throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  }
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int log_fd = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (::getppid() != parent || log_fd < 0 || ::dup2(log_fd, STDERR_FILENO) < 0) {
      ::_exit(125);
    }
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(126);
  }
}

void PrivateBroker::wait_until_it_answers() {
  const auto deadline = Clock::now() + timeout_;
  while (!can_connect(socket_)) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = 0;
      throw std::runtime_error("tenured ended: " + log());
    }
    if (Clock::now() > deadline) {
      throw std::runtime_error("tenured does not answer: " + log());
    }
    pause_briefly();
  }
}

int PrivateBroker::wait_for_end() {
  const auto deadline = Clock::now() + timeout_;
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (Clock::now() > deadline) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status, 0);
      break;
    }
    pause_briefly();
  }
  pid_ = 0;
  return status;
}

}  // namespace tenure::support

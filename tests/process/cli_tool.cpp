// SPDX-License-Identifier: Apache-2.0
#include "tests/process/cli_tool.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include "proto/os/unique_fd.hpp"

namespace tenure::support {
namespace {

using Clock = std::chrono::steady_clock;
using os::UniqueFd;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
  Pipe() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
    }
    read.reset(fds[0]);
    write.reset(fds[1]);
  }
};

// Memory that holds `text`, read from its start.
UniqueFd input_of(const std::string& text) {
  UniqueFd fd(::memfd_create("input", MFD_CLOEXEC));
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::lseek(fd.get(), 0, SEEK_SET) != 0) {
    throw std::runtime_error(std::string("input: ") + std::strerror(errno));
  }
  return fd;
}

void apply(const ToolOptions& options) {
  for (const std::string& change : options.environment) {
    const std::size_t sign = change.find('=');
    ::setenv(change.substr(0, sign).c_str(), change.substr(sign + 1).c_str(), 1);
  }
  const bool is_moved = options.directory.empty() || ::chdir(options.directory.c_str()) == 0;
  const bool is_other =
      !options.uid || (::setgid(*options.uid) == 0 && ::setuid(*options.uid) == 0);
  if (!is_moved || !is_other) {
    ::_exit(125);
  }
  if (options.largest_file_bytes) {
    const rlimit limit{.rlim_cur = *options.largest_file_bytes,
                       .rlim_max = *options.largest_file_bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  if (!options.output.empty()) {
    ::dup2(::open(options.output.c_str(), O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
  }
  for (const int fd : options.closed) {
    ::close(fd);
  }
}

}  // namespace

RunningTool::RunningTool(std::vector<std::string> arguments, const ToolOptions& options)
    : deadline_(Clock::now() + std::chrono::minutes(1)) {
  arguments.insert(arguments.begin(), TENURE_TOOL_PATH);
  std::vector<char*> argv;
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  Pipe output;
  Pipe errors;
  const UniqueFd input = input_of(options.input);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) {
    throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  }
  if (pid_ == 0) {
    ::dup2(input.get(), STDIN_FILENO);
    ::dup2(output.write.get(), STDOUT_FILENO);
    ::dup2(errors.write.get(), STDERR_FILENO);
    apply(options);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // After setuid(), which would clear it.
    if (::getppid() != parent) {
      ::_exit(125);
    }
    ::execv(argv[0], argv.data());
    ::_exit(126);
  }
  output_fd_ = output.read.release();
  errors_fd_ = errors.read.release();
}

RunningTool::~RunningTool() {
  if (pid_ != 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {output_fd_, errors_fd_}) {
    if (fd >= 0) {
      ::close(fd);
    }
  }
}

// Waits for anything on either output; false when both have ended.
bool RunningTool::read_some() {
  const std::array<int*, 2> fds{&output_fd_, &errors_fd_};
  std::array<pollfd, 2> waits{pollfd{output_fd_, POLLIN, 0}, pollfd{errors_fd_, POLLIN, 0}};
  if (output_fd_ < 0 && errors_fd_ < 0) {
    return false;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
  if (left.count() <= 0 ||
      ::poll(waits.data(), waits.size(), static_cast<int>(left.count())) == 0) {
    throw std::runtime_error("the tool does not end; so far: " + output_ + errors_);
  }
  for (std::size_t i = 0; i < waits.size(); ++i) {
    if (waits[i].revents == 0) {
      continue;
    }
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(*fds[i], bytes.data(), bytes.size());
    if (got > 0) {
      (i == 0 ? output_ : errors_).append(bytes.data(), static_cast<std::size_t>(got));
    } else {
      ::close(std::exchange(*fds[i], -1));
    }
  }
  return true;
}

std::optional<std::string> RunningTool::read_line() {
  while (output_.find('\n') == std::string::npos && output_fd_ >= 0 && read_some()) {
  }
  const std::size_t end = output_.find('\n');
  if (end == std::string::npos) {
    return std::nullopt;
  }
  std::string line = output_.substr(0, end);
  output_.erase(0, end + 1);
  return line;
}

void RunningTool::signal(int signal) const {
  ::kill(pid_, signal);
}

int RunningTool::wait() {
  while (read_some()) {
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);  // Both outputs have ended: it is exiting.
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

nlohmann::json ToolResult::json() const {
  return nlohmann::json::parse(output, nullptr, false);
}

std::vector<nlohmann::json> ToolResult::json_lines() const {
  std::vector<nlohmann::json> lines;
  std::istringstream text(output);
  for (std::string line; std::getline(text, line);) {
    lines.push_back(nlohmann::json::parse(line, nullptr, false));
  }
  return lines;
}

ToolResult run_tool(std::vector<std::string> arguments, const ToolOptions& options) {
  RunningTool tool(std::move(arguments), options);
  ToolResult result;
  result.status = tool.wait();
  result.output = tool.output();
  result.errors = tool.errors();
  return result;
}

}  // namespace tenure::support

// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/worker_process.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "tests/soak/interrupt.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

// One that stopped itself goes on after this time.
constexpr auto kOwnStop = 150ms;

End describe_end(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return {.is_killed = signal == SIGKILL, .how = "signal " + std::to_string(signal)};
  }
  return {.how = "exit status " + std::to_string(WEXITSTATUS(status)),
          .is_in_order = WEXITSTATUS(status) == 0};
}

}  // namespace

WorkerProcess::WorkerProcess(std::string socket, const SharedBoard& board, std::size_t index)
    : socket_(std::move(socket)), board_(&board), index_(index) {
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : socket_(std::move(other.socket_)),
      board_(other.board_),
      index_(other.index_),
      pid_(std::exchange(other.pid_, 0)),
      is_stopped_(other.is_stopped_),
      go_on_at_(other.go_on_at_) {
}

WorkerProcess::~WorkerProcess() {
  if (pid_ != 0) {
    kill();
    ::waitpid(pid_, nullptr, 0);
  }
}

void WorkerProcess::start(const std::string& mask) {
  const bool has_steps = (*board_)->workers.at(index_).spec.has_steps;
  const char* program = has_steps ? TENURE_SOAK_WORKER_STEPS_PATH : TENURE_SOAK_WORKER_PATH;
  const std::string fd = std::to_string(board_->fd());
  const std::string index = std::to_string(index_);
  const pid_t parent = ::getpid();
  const InterruptsBlocked blocked;
  is_stopped_ = false;
  (*board_)->workers.at(index_).lives.fetch_add(1);
  pid_ = ::fork();
  if (pid_ < 0) {
    pid_ = 0;
    throw std::runtime_error("fork failed");
  }
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setenv("TENURE_MASK", mask.c_str(), 1);
    if (::getppid() == parent) {
      ::execl(program, program, socket_.c_str(), fd.c_str(), index.c_str(), nullptr);
    }
    ::_exit(126);
  }
}

std::optional<End> WorkerProcess::look() {
  if (pid_ == 0) {
    return std::nullopt;
  }
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG | WUNTRACED) == pid_) {
    if (!WIFSTOPPED(status)) {
      pid_ = 0;
      is_stopped_ = false;
      count_as_dead();
      return describe_end(status);
    }
    if (!is_stopped_) {
      is_stopped_ = true;
      go_on_at_ = Clock::now() + kOwnStop;
    }
  }
  if (is_stopped_ && Clock::now() >= go_on_at_) {
    go_on();
  }
  return std::nullopt;
}

void WorkerProcess::stop(std::chrono::milliseconds duration) {
  if (pid_ != 0 && !is_stopped_) {
    (*board_)->workers.at(index_).stops.fetch_add(1);
    ::kill(pid_, SIGSTOP);
    is_stopped_ = true;
    go_on_at_ = Clock::now() + duration;
  }
}

// SIGCONT would also undo the stop by which LeakSanitizer's tracer, at a worker's exit, begins: it
// would wait for that for ever.
void WorkerProcess::go_on() {
  if (pid_ != 0 && is_stopped_) {
    ::kill(pid_, SIGCONT);
    is_stopped_ = false;
  }
}

void WorkerProcess::kill() {
  if (pid_ != 0) {
    count_as_dead();
    ::kill(pid_, SIGKILL);
  }
}

// What it had may be given to others from the moment of its death on, which nobody tells them.
void WorkerProcess::count_as_dead() {
  WorkerBoard& worker = (*board_)->workers.at(index_);
  worker.ended_lives = worker.lives.load();
}

}  // namespace tenure::soak

// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/board.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "client/cli/bench/cpus.hpp"

namespace tenure::cli::bench {
namespace {

[[noreturn]] void run_child(Board& board, int cpu, pid_t parent, const PeerProcess::Body& body) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(1);  // The parent died before the line above.
  }
  // Ctrl-C goes to both: the parent leaves in good order and ends this one.
  ::signal(SIGINT, SIG_IGN);
  auto outcome = pin_to(cpu);
  if (outcome) {
    outcome = body(board);
  }
  if (!outcome) {
    const std::string text = outcome.error().message();
    const std::size_t length = std::min(text.size(), board.failure.size() - 1);
    std::memcpy(board.failure.data(), text.data(), length);
    // release: the text is there. pairs: bench.failure
    board.has_failed.store(1, std::memory_order_release);
  }
  ::_exit(outcome ? 0 : 1);
}

// Whether there is to be another one.
Result<bool> do_turn(Board& board, std::uint32_t turn, const Handle& handle) {
  // relaxed: published by `turn`.
  const auto task = static_cast<Task>(board.task.load(std::memory_order_relaxed));
  const std::uint32_t count = board.count.load(std::memory_order_relaxed);
  if (task == Task::stop) {
    return false;
  }
  if (auto done = handle(task, count); !done) {
    return std::move(done).error();
  }
  // release: what the task wrote is visible. pairs: bench.done
  board.done.store(turn, std::memory_order_release);
  return true;
}

}  // namespace

PeerProcess::PeerProcess(Board* board, pid_t pid, GoesOn goes_on) noexcept
    : board_(board), pid_(pid), goes_on_(std::move(goes_on)) {
}

PeerProcess::PeerProcess(PeerProcess&& other) noexcept
    : board_(std::exchange(other.board_, nullptr)),
      pid_(std::exchange(other.pid_, 0)),
      goes_on_(std::move(other.goes_on_)),
      yields_(other.yields_) {
}

Result<PeerProcess> PeerProcess::start(int cpu, const Body& body, GoesOn goes_on) {
  void* memory =
      ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return Error{.code = Errc::no_memory, .sys_errno = errno, .detail = std::strerror(errno)};
  }
  auto* board = new (memory) Board;
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    run_child(*board, cpu, parent, body);
  }
  if (pid < 0) {
    const int error = errno;
    ::munmap(memory, sizeof(Board));
    return Error{.code = Errc::too_many, .sys_errno = error, .detail = std::strerror(error)};
  }
  return PeerProcess(board, pid, std::move(goes_on));
}

PeerProcess::~PeerProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (board_ != nullptr) {
    ::munmap(board_, sizeof(Board));
  }
}

void PeerProcess::begin(Task task, std::uint32_t count) noexcept {
  // relaxed: published by `turn` below.
  board_->task.store(static_cast<std::uint32_t>(task), std::memory_order_relaxed);
  board_->count.store(count, std::memory_order_relaxed);
  // release: the task is there. relaxed load: only this process writes it. pairs: bench.turn
  const std::uint32_t turn = board_->turn.load(std::memory_order_relaxed) + 1;
  board_->turn.store(turn, std::memory_order_release);
}

void PeerProcess::begin_asleep(Task task, std::uint32_t count) noexcept {
  begin(task, count);
  sync::futex_wake_all(board_->turn);
}

Result<void> PeerProcess::await_done_asleep() {
  constexpr auto kBetweenChecks = std::chrono::milliseconds(100);
  const auto begun = std::chrono::steady_clock::now();
  for (;;) {
    // acquire: what the task wrote is visible. pairs: bench.done
    const std::uint32_t done = board_->done.load(std::memory_order_acquire);
    // relaxed: only this process writes it.
    if (done == board_->turn.load(std::memory_order_relaxed)) {
      return {};
    }
    sync::futex_wait(board_->done, done, sync::monotonic_now() + kBetweenChecks);
    if (auto alive = check(begun); !alive) {
      return alive;
    }
  }
}

Result<void> PeerProcess::await_done() {
  return spin_until([this] {
    // acquire: what the task wrote is visible. pairs: bench.done
    return board_->done.load(std::memory_order_acquire) ==
           board_->turn.load(std::memory_order_relaxed);
  });
}

Result<void> PeerProcess::check(std::chrono::steady_clock::time_point begun) {
  if (!goes_on_()) {
    return Error{.code = Errc::cancelled, .detail = "interrupted"};
  }
  // acquire: the text is there. pairs: bench.failure
  if (board_->has_failed.load(std::memory_order_acquire) != 0) {
    return Error{.code = Errc::cancelled,
                 .detail = "the measuring peer gave up: " + std::string(board_->failure.data())};
  }
  int status = 0;
  const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
  if (ended == 0) {
    const bool is_late = std::chrono::steady_clock::now() - begun > std::chrono::seconds(30);
    return is_late ? Error{.code = Errc::timed_out, .detail = "the measuring peer does not answer"}
                   : Result<void>();
  }
  pid_ = 0;  // Reaped: the number may soon be another process's.
  return Error{.code = Errc::cancelled,
               .detail = "the measuring peer died, status " + std::to_string(status)};
}

Result<void> serve(Board& board, const Handle& handle) {
  for (std::uint32_t turn = 1;; ++turn) {
    // acquire: the task is there. pairs: bench.turn
    while (board.turn.load(std::memory_order_acquire) != turn) {
      ::sched_yield();  // Others may be measured on this cpu.
    }
    auto goes_on = do_turn(board, turn, handle);
    if (!goes_on || !*goes_on) {
      return goes_on ? Result<void>() : std::move(goes_on).error();
    }
  }
}

Result<void> serve_asleep(Board& board, const Handle& handle) {
  for (std::uint32_t turn = 1;; ++turn) {
    // acquire: the task is there. pairs: bench.turn
    while (board.turn.load(std::memory_order_acquire) != turn) {
      sync::futex_wait(board.turn, turn - 1, sync::kNever);
    }
    auto goes_on = do_turn(board, turn, handle);
    if (!goes_on || !*goes_on) {
      return goes_on ? Result<void>() : std::move(goes_on).error();
    }
    sync::futex_wake_all(board.done);
  }
}

}  // namespace tenure::cli::bench

// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/sleeper.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <tenure/client.hpp>

#include "client/cli/bench/limits.hpp"

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

constexpr Timeout kSetUp = 10s;

// Sleeps until fd is readable; level-triggered, like most event loops.
class EventLoop {
 public:
  EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  Result<void> watch(int fd) {
    ::epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0
               ? Result<void>()
               : Error{.code = Errc::too_many, .detail = std::strerror(errno)};
  }
  void run() {
    ::epoll_event event{};
    while (::epoll_wait(epoll_.get(), &event, 1, -1) != 1) {
    }
  }

 private:
  os::UniqueFd epoll_;
};

// The peer's side.
class Sleeper {
 public:
  Sleeper(Board& board, Channels& channels, Subscriber subscriber)
      : board_(board), channels_(channels), subscriber_(std::move(subscriber)) {}

  Result<void> run(Task task, std::uint32_t count) {
    if (task == Task::sleep_futex) {
      sleep_on_futex(board_, channels_.word(), count);
      return {};
    }
    frame_.resize(kFrameBytes);
    EventLoop loop;
    if (auto prepared = prepare(task, loop); !prepared) {
      return prepared;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      announce_sleep(board_);
      if (auto slept = sleep(task, loop); !slept) {
        return slept;
      }
    }
    return {};
  }

 private:
  Result<void> prepare(Task task, EventLoop& loop) {
    if (task == Task::poll_eventfd) {
      return loop.watch(channels_.event());
    }
    if (task != Task::poll_topic) {
      return {};
    }
    auto fd = subscriber_.fd();
    auto watched = fd ? loop.watch(*fd) : Result<void>(std::move(fd).error());
    return watched ? drain() : watched;
  }

  // Until what is waited for is here, which it says, and after it.
  Result<void> sleep(Task task, EventLoop& loop) {
    Result<void> done;
    switch (task) {
      case Task::sleep_topic:
        done = subscriber_.wait();
        break;
      case Task::poll_eventfd:
      case Task::poll_topic:
        loop.run();
        break;
      case Task::read_socket:
        done = channels_.read_socket(frame_);
        break;
      case Task::read_pipe:
        done = channels_.read_pipe(frame_);
        break;
      case Task::read_queue:
        done = channels_.read_queue(frame_);
        break;
      default:
        return Error{.code = Errc::bad_request, .detail = "no such task"};
    }
    announce_waking(board_);
    if (task == Task::poll_eventfd) {
      std::uint64_t count = 0;
      static_cast<void>(::read(channels_.event(), &count, sizeof count));
    }
    return done ? drain() : done;
  }

  // The rule for event loops: read until `empty`, which re-arms the descriptor.
  Result<void> drain() {
    for (;;) {
      auto view = subscriber_.next(kNoWait);
      if (!view) {
        return view.error().code == Errc::empty ? Result<void>() : std::move(view).error();
      }
    }
  }

  Board& board_;
  Channels& channels_;
  Subscriber subscriber_;
  std::vector<std::byte> frame_;
};

}  // namespace

Result<void> run_sleeper(Board& board,
                         Channels& channels,
                         const std::string& socket,
                         const std::string& topic) {
  auto client = Client::connect({.socket = socket, .name = "bench-sleeper", .timeout = kSetUp});
  if (!client) {
    return std::move(client).error();
  }
  auto subscriber = client->subscriber(topic, {.timeout = kSetUp});
  if (!subscriber) {
    return std::move(subscriber).error();
  }
  Sleeper sleeper(board, channels, *std::move(subscriber));
  return serve(board, [&](Task task, std::uint32_t count) { return sleeper.run(task, count); });
}

}  // namespace tenure::cli::bench

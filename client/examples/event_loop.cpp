// SPDX-License-Identifier: Apache-2.0
// Frames of the topic cam/0 in a program that has other things to wait for: one poll() over a
// subscriber and a timer. Start frames_publisher before or after it.
//
//   event_loop 10    so many frames
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include <tenure/tenure.hpp>

using namespace std::chrono_literals;
using namespace tenure;

namespace {

// The rule of a subscriber's fd: read until `empty`, then poll. The call that answers `empty` also
// arms the descriptor for the next frame.
std::uint64_t read_until_empty(Subscriber& camera) {
  std::uint64_t frames = 0;
  for (;;) {
    const Result<View> frame = camera.next(kNoWait);
    if (!frame && frame.error().code == Errc::empty) {
      return frames;
    }
    std::cout << "frame v" << frame.value().version() << '\n';
    ++frames;
  }
}

void loop(int timer, std::uint64_t count) {
  Client client = or_throw(Client::connect({.name = "event loop"}));
  Subscriber camera = or_throw(client.subscriber("cam/0", {.timeout = 60s}));

  // The fd belongs to the subscriber: poll it, never read or close it.
  std::array<pollfd, 2> sources{{{.fd = or_throw(camera.fd()), .events = POLLIN, .revents = 0},
                                 {.fd = timer, .events = POLLIN, .revents = 0}}};
  std::uint64_t frames = read_until_empty(camera);
  while (frames < count) {
    if (::poll(sources.data(), sources.size(), 10'000) <= 0) {
      throw Failure({.code = Errc::timed_out, .detail = "no frame and no tick in 10 s"});
    }
    if (sources[0].revents != 0) {
      frames += read_until_empty(camera);
    }
    std::uint64_t ticks = 0;
    if (sources[1].revents != 0 && ::read(timer, &ticks, sizeof ticks) == sizeof ticks) {
      std::cout << "tick\n";
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  const itimerspec every{.it_interval = {.tv_sec = 0, .tv_nsec = 100'000'000},
                         .it_value = {.tv_sec = 0, .tv_nsec = 100'000'000}};
  if (timer < 0 || ::timerfd_settime(timer, 0, &every, nullptr) != 0) {
    std::cerr << "event_loop: no timer\n";
    return 1;
  }
  try {
    loop(timer, argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10);
  } catch (const Failure& failure) {
    std::cerr << "event_loop: " << failure.what() << '\n';
    return 1;
  }
  ::close(timer);
  return 0;
}

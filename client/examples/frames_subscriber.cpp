// SPDX-License-Identifier: Apache-2.0
// Shows the newest frame of the topic cam/0 whenever there is one that it has not seen.
//
//   frames_subscriber        until no frame has come for five seconds
//   frames_subscriber 100    so many frames
//
// Start frames_publisher before or after it.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <span>

#include <tenure/tenure.hpp>

using namespace std::chrono_literals;
using namespace tenure;

namespace {

void show(std::uint64_t count) {
  Client client = or_throw(Client::connect({.name = "viewer"}));

  // The timeout waits for somebody to create the topic.
  Subscriber camera = or_throw(client.subscriber("cam/0", {.timeout = 60s}));

  for (std::uint64_t n = 1; count == 0 || n <= count; ++n) {
    if (const Result<void> waited = camera.wait(5s); !waited) {
      if (count == 0 && waited.error().code == Errc::timed_out) {
        return;
      }
      waited.value();  // Throws what it is.
    }
    // A view is the frame itself, where the publisher wrote it. While `frame` lives, that slot is
    // not reused; the publisher goes on with the others.
    const View frame = or_throw(camera.latest());
    const std::span<const std::uint8_t> image = or_throw(frame.span<std::uint8_t>("image"));
    std::cout << "v" << frame.version() << "  first pixel " << int{image[0]} << ", "
              << frame.missed() << " skipped\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    show(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0);
  } catch (const Failure& failure) {
    std::cerr << "frames_subscriber: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}

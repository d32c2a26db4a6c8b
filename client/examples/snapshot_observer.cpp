// SPDX-License-Identifier: Apache-2.0
// Shows the newest frame of the topic cam/0, as often as there is one, without ever being in the
// way.
//
//   snapshot_observer 5      so many frames
//
// A snapshot is a copy. An observer needs no more than the right r, occupies no place among the
// subscribers and keeps no slot, so the publisher need not know of it: made for dashboards.
// The price is the copy, and that nobody wakes it: wait() looks again each millisecond, and there
// is no fd() for an event loop, which takes a timer instead.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <utility>

#include <tenure/tenure.hpp>

using namespace std::chrono_literals;
using namespace tenure;

namespace {

void observe(std::uint64_t count) {
  Client client = or_throw(Client::connect({.name = "dashboard"}));
  Subscriber camera =
      or_throw(client.subscriber("cam/0", {.access = Access::observe, .timeout = 60s}));

  Snapshot snapshot;
  for (std::uint64_t seen = 0; seen < count; ++seen) {
    or_throw(camera.wait(60s));  // Until there is one that it has not seen.
    // The memory of the last snapshot is used again for the next one.
    snapshot = or_throw(camera.snapshot(std::move(snapshot)));
    const TensorView image = or_throw(snapshot.tensor("image"));
    std::cout << "v" << snapshot.version() << "  " << image.shape()[0] << " x " << image.shape()[1]
              << " pixels\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    observe(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 5);
  } catch (const Failure& failure) {
    std::cerr << "snapshot_observer: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// A camera: publishes frames on the topic cam/0, thirty a second.
//
//   frames_publisher         until it is killed
//   frames_publisher 100     so many frames
//
// It and frames_subscriber may be started in any order, killed, and started again.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <span>
#include <thread>
#include <utility>

#include <tenure/tenure.hpp>

using namespace std::chrono_literals;
using namespace tenure;

namespace {

void publish(std::uint64_t count) {
  Client client = or_throw(Client::connect({.name = "camera"}));

  // A declaration: the same one again is no error. Every frame has this shape, or a smaller one.
  or_throw(client.create_topic("cam/0", {.schema = {{"image", DType::uint8, {1080, 1920, 3}}}}));
  Publisher camera = or_throw(client.publisher("cam/0"));

  for (std::uint64_t n = 1; count == 0 || n <= count; ++n) {
    // A draft is a slot of the shared memory. Write where the subscribers will read: no copy.
    Draft draft = or_throw(camera.draft());
    const std::span<std::uint8_t> image = or_throw(draft.span<std::uint8_t>("image"));
    std::ranges::fill(image, static_cast<std::uint8_t>(n));
    or_throw(camera.publish(std::move(draft)));
    std::this_thread::sleep_for(33ms);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    publish(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0);
  } catch (const Failure& failure) {
    std::cerr << "frames_publisher: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}

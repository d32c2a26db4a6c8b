// SPDX-License-Identifier: Apache-2.0
// A broker inside the program: nothing to install, nothing to start. For tests, and for programs
// that bring their own. Link tenure::broker.
#include <algorithm>
#include <array>
#include <iostream>
#include <span>

#include <tenure/broker.hpp>
#include <tenure/tenure.hpp>

using namespace tenure;

namespace {

void run() {
  // Its socket lies in a new private directory. Other processes may connect to it, too:
  // Client::connect({.socket = broker.socket()}).
  Broker broker = or_throw(Broker::start());

  Client writer = or_throw(broker.connect());
  or_throw(writer.create_topic("numbers", {.schema = {{"n", DType::float32, {4}}}}));
  Publisher publisher = or_throw(writer.publisher("numbers"));

  Client reader = or_throw(broker.connect());
  Subscriber subscriber = or_throw(reader.subscriber("numbers"));

  // Publishing by copy: the array stays the program's own.
  const std::array<float, 4> numbers{1.0F, 2.0F, 3.0F, 4.0F};
  or_throw(publisher.publish({{"n", or_throw(TensorView::of<float>(numbers, {4}))}}));

  const View view = or_throw(subscriber.latest());
  const std::span<const float> seen = or_throw(view.span<float>("n"));
  if (!std::ranges::equal(seen, numbers)) {
    throw Failure({.code = Errc::corrupt, .detail = "other numbers came out than went in"});
  }
  std::cout << "v" << view.version() << " on " << broker.socket() << ": " << seen[0] << " "
            << seen[1] << " " << seen[2] << " " << seen[3] << '\n';
}

}  // namespace

int main() {
  try {
    run();
  } catch (const Failure& failure) {
    std::cerr << "embedded_broker: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// A pipeline in one pool of memory: load, preprocess, train, each in a process of its own. A killed
// one's batch goes to another.
//
//   queue_pipeline load 1000       fills batches with their numbers, and ends the queue
//   queue_pipeline preprocess      turns raw pixels into floats, in the same bundle
//   queue_pipeline train 1000      checks that each batch came, once
//
// Any number of each may run, in any order.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <tenure/tenure.hpp>

using namespace std::chrono_literals;
using namespace tenure;

namespace {

// Lane 0: raw batches. Lane 1: those that have floats as well. A preprocessor writes only `x`,
// which it does not read: so what a killed one has left half-done is simply done again
// (repeatable).
QueueOptions digits() {
  return {.schema = {{"raw", DType::uint8, {64, 8, 8}}, {"x", DType::float32, {64, 8, 8}}},
          .slots = 16,
          .lanes = 2,
          .consume = Consume::repeatable};
}

void load(Client& client, std::uint64_t count) {
  Producer out = or_throw(client.producer("digits"));
  for (std::uint64_t n = 0; n < count; ++n) {
    Draft batch = or_throw(out.draft());  // Waits while all slots are in use.
    std::ranges::fill(or_throw(batch.span<std::uint8_t>("raw")), static_cast<std::uint8_t>(n % 17));
    or_throw(batch.set_note({.tag = n}));
    or_throw(out.push(std::move(batch)));
  }
  or_throw(out.finish());  // Each lane drains, and then its consumers are told `finished`.
}

// The bundles of a lane until the queue has finished.
template <class Use>
void for_each(Client& client, std::size_t lane, Use&& use) {
  Consumer in = or_throw(client.consumer("digits", {.lane = lane}));
  Result<Item> item = in.pop();
  for (; item; item = in.pop()) {
    use(*item);
  }
  if (item.error().code != Errc::finished) {
    throw Failure(item.error());
  }
}

void preprocess(Client& client) {
  for_each(client, 0, [](Item& batch) {
    const auto raw = or_throw(batch.span<std::uint8_t>("raw"));
    std::ranges::transform(raw,
                           or_throw(batch.writable<float>("x")).begin(),
                           [](std::uint8_t pixel) { return static_cast<float>(pixel) / 16; });
    or_throw(batch.pass_on());  // To lane 1: nothing is copied.
  });
}

void train(Client& client, std::uint64_t count) {
  std::set<std::uint64_t> seen;
  for_each(client, 1, [&](Item& batch) {
    const std::uint64_t n = batch.note().tag;
    const auto x = or_throw(batch.span<float>("x"));
    const float expected = static_cast<float>(n % 17) / 16;
    if (std::ranges::any_of(x, [&](float value) { return value != expected; })) {
      throw Failure({.code = Errc::corrupt, .detail = "batch " + std::to_string(n)});
    }
    // Delivery is at least once. Whoever keeps what was done by the batch's number has the effect
    // exactly once: a batch that comes again after its trainer died before ack() changes nothing.
    seen.insert(n);
    or_throw(batch.ack());
  });
  if (seen.size() != count) {
    throw Failure({.code = Errc::corrupt, .detail = std::to_string(seen.size()) + " batches"});
  }
  std::cout << count << " batches, each once\n";
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view stage = argc > 1 ? argv[1] : "";
  const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  if (stage != "load" && stage != "preprocess" && stage != "train") {
    std::cerr << "usage: queue_pipeline load COUNT|preprocess|train COUNT\n";
    return 2;
  }
  try {
    Client client = or_throw(Client::connect({.name = std::string(stage)}));
    or_throw(client.create_queue("digits", digits()));  // Whoever comes first makes it.
    if (stage == "load") {
      load(client, count);
    } else if (stage == "preprocess") {
      preprocess(client);
    } else {
      train(client, count);
    }
  } catch (const Failure& failure) {
    std::cerr << "queue_pipeline: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Trains on each batch where it lies, and publishes the weights every few steps.
//
// A line for each version of the weights:
//   step=470 loss=0.031274 version=47 longest_ms=5.31 missed=0 torn=0 bytes=977600
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <tenure/tenure.hpp>

#include "client/examples/digits/network.hpp"
#include "client/examples/digits/topics.hpp"

namespace {

using namespace std::chrono_literals;
using tenure::or_throw;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

struct Options {
  std::string socket;
  std::uint32_t seed = 1;
  std::uint64_t publish_every = 10;
  float learning_rate = 0.1F;  // In the first epoch; each later one has 0.95 times that.
};

struct Progress {
  std::uint64_t steps = 0;
  std::uint64_t missed = 0;
  std::uint64_t torn = 0;
  std::uint64_t bytes = 0;     // Of tensors read.
  double loss = 0.0;           // Of the last batch.
  Clock::duration longest{0};  // Between two steps, since the last line.
};

// Trains on the batch in `view` without copying it. Returns false after the last one.
bool step(tenure::View& view,
          const Options& options,
          digits::Network& network,
          Progress& progress) {
  const std::uint64_t epoch = view.note().tag;
  const bool last = digits::is_last(view);
  progress.loss = network.differentiate(digits::samples_in(view));
  progress.bytes += digits::size_bytes(view);
  progress.missed += view.missed();
  const std::uint64_t torn = digits::release_torn(view);
  progress.torn += torn;
  if (torn == 0) {
    network.descend(options.learning_rate * std::pow(0.95F, static_cast<float>(epoch) - 1.0F));
    ++progress.steps;
  }
  return !last;
}

// The weights, copied once: from the network into the slot that everybody reads.
std::uint64_t publish(tenure::Publisher& publisher,
                      const digits::Weights& weights,
                      const tenure::Note& note) {
  tenure::Draft draft = or_throw(publisher.draft(30s));
  std::ranges::copy(weights.w1, or_throw(draft.span<float>("w1")).begin());
  std::ranges::copy(weights.b1, or_throw(draft.span<float>("b1")).begin());
  std::ranges::copy(weights.w2, or_throw(draft.span<float>("w2")).begin());
  std::ranges::copy(weights.b2, or_throw(draft.span<float>("b2")).begin());
  or_throw(draft.set_note(note));
  return or_throw(publisher.publish(std::move(draft)));
}

void print(const Progress& progress, std::uint64_t version) {
  std::cout << "step=" << progress.steps << " loss=" << progress.loss << " version=" << version
            << " longest_ms=" << Milliseconds(progress.longest).count()
            << " missed=" << progress.missed << " torn=" << progress.torn
            << " bytes=" << progress.bytes << '\n'
            << std::flush;
}

void train(const Options& options) {
  tenure::Client client =
      or_throw(tenure::Client::connect({.socket = options.socket, .name = "trainer"}));
  or_throw(client.create_topic(digits::kWeightsTopic, digits::weights_topic()));
  tenure::Publisher weights = or_throw(client.publisher(digits::kWeightsTopic, {.timeout = 10s}));
  tenure::Subscriber batches = or_throw(
      client.subscriber(digits::kBatchesTopic, {.start = tenure::Start::oldest, .timeout = 30s}));

  digits::Network network(options.seed);
  Progress progress;
  Clock::time_point before{};
  for (bool more = true; more;) {
    tenure::View batch = or_throw(batches.next(30s));
    more = step(batch, options, network, progress);
    const Clock::time_point now = Clock::now();
    if (before != Clock::time_point{}) {
      progress.longest = std::max(progress.longest, now - before);
    }
    before = now;
    if (!more || progress.steps % options.publish_every == 0) {
      const tenure::Note note =
          more ? digits::more_follow(progress.steps) : digits::last_of_all(progress.steps);
      print(progress, publish(weights, network.weights(), note));
      progress.longest = {};
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Trains on digits/batches and publishes what it has learnt on digits/weights.");
  app.add_option("--socket", options.socket, "Of the broker; default: as every client finds it");
  app.add_option("--seed", options.seed, "Of the first weights");
  app.add_option("--publish-every", options.publish_every, "Steps from one version to the next")
      ->check(CLI::PositiveNumber);
  app.add_option("--learning-rate", options.learning_rate, "In the first epoch; it then decays")
      ->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  try {
    train(options);
  } catch (const std::exception& failure) {
    std::cerr << "digits_trainer: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}

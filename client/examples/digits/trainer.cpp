// SPDX-License-Identifier: Apache-2.0
// Trains on each batch where it lies, and publishes the weights every few steps.
//
// A line for each version of the weights; `missing`, `twice` and the checksum are over all samples
// since the start, by epoch:
//   step=470 loss=0.031274 version=47 longest_ms=5.31 epochs=10 missing=0 twice=0 wrong=0
//   checksum=64224592617031 bytes=4875000   (in one line)
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <tenure/tenure.hpp>

#include "client/examples/digits/attendance.hpp"
#include "client/examples/digits/dataset.hpp"
#include "client/examples/digits/network.hpp"
#include "client/examples/digits/segments.hpp"

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
  std::uint64_t wrong = 0;     // Inputs that are not what their pixels give.
  std::uint64_t bytes = 0;     // Of tensors read.
  double loss = 0.0;           // Of the last batch.
  Clock::duration longest{0};  // Between two steps, since the last line.
};

// What a batch consists of, as the loader's checksum has it, and whether `x` belongs to it.
void attend(const tenure::Item& batch, digits::Attendance& attendance, Progress& progress) {
  const digits::Samples samples = digits::samples_in(batch);
  const std::span<const float> inputs = digits::normalised_in(batch).inputs;
  const std::span<const std::uint32_t> ids = digits::ids_in(batch);
  for (std::size_t i = 0; i < samples.count(); ++i) {
    attendance.note(batch.note().tag, ids[i], samples.image(i));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    progress.wrong += inputs[i] == digits::normalised(samples.images[i]) ? 0U : 1U;
  }
}

// Trains on the batch without copying it.
void step(const tenure::Item& batch,
          const Options& options,
          digits::Network& network,
          Progress& progress) {
  const auto epoch = static_cast<float>(batch.note().tag);
  progress.loss = network.differentiate(digits::normalised_in(batch));
  network.descend(options.learning_rate * std::pow(0.95F, epoch - 1.0F));
  progress.bytes += digits::size_bytes(batch);
  ++progress.steps;
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

// Says how far it is and who was there, and starts anew with the longest time between two steps.
void print(Progress& progress, const digits::Attendance& attendance, std::uint64_t version) {
  std::cout << "step=" << progress.steps << " loss=" << progress.loss << " version=" << version
            << " longest_ms=" << Milliseconds(progress.longest).count()
            << " epochs=" << attendance.epochs() << " missing=" << attendance.missing()
            << " twice=" << attendance.twice() << " wrong=" << progress.wrong
            << " checksum=" << attendance.checksum() << " bytes=" << progress.bytes << '\n'
            << std::flush;
  progress.longest = {};
}

void train(const Options& options) {
  tenure::Client client =
      or_throw(tenure::Client::connect({.socket = options.socket, .name = "trainer"}));
  or_throw(client.create_topic(digits::kWeightsTopic, digits::weights_topic()));
  tenure::Publisher weights = or_throw(client.publisher(digits::kWeightsTopic, {.timeout = 10s}));
  tenure::Consumer batches = or_throw(
      client.consumer(digits::kBatchesQueue, {.lane = digits::kNormalisedLane, .timeout = 30s}));

  digits::Network network(options.seed);
  digits::Attendance attendance(digits::kTraining);
  Progress progress;
  std::optional<Clock::time_point> before;
  while (std::optional<tenure::Item> batch = digits::next(batches)) {
    step(*batch, options, network, progress);
    attend(*batch, attendance, progress);
    or_throw(batch->ack());
    const Clock::time_point now = Clock::now();
    progress.longest = std::max(progress.longest, now - before.value_or(now));
    before = now;
    if (progress.steps % options.publish_every == 0) {
      const tenure::Note note = digits::more_follow(progress.steps);
      print(progress, attendance, publish(weights, network.weights(), note));
    }
  }
  const tenure::Note note = digits::last_of_all(progress.steps);
  print(progress, attendance, publish(weights, network.weights(), note));
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

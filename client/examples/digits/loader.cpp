// SPDX-License-Identifier: Apache-2.0
// Pushes the training samples in batches, in another order every epoch.
//
// Each line says what it has done so far; the checksum is over epochs, ids and pixels:
//   epoch=3 batches=141 checksum=172212491531547 bytes=310500
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <tenure/tenure.hpp>

#include "client/examples/digits/attendance.hpp"
#include "client/examples/digits/dataset.hpp"
#include "client/examples/digits/segments.hpp"

namespace {

using namespace std::chrono_literals;
using tenure::or_throw;

struct Options {
  std::string socket;
  std::string data = TENURE_DIGITS_DATA;
  std::uint64_t epochs = 30;
  std::uint32_t seed = 1;
  std::uint32_t pace_ms = 0;
};

// Gathers the samples of these indices straight into the slot: the only copy that is ever made.
// Leaves `x` out. Returns the bytes written.
std::uint64_t fill(tenure::Draft& draft,
                   const digits::Samples& from,
                   std::span<const std::uint32_t> indices) {
  const auto count = static_cast<std::int64_t>(indices.size());
  const auto raw = or_throw(or_throw(draft.tensor("raw", {count, 8, 8})).as<std::uint8_t>());
  const auto labels = or_throw(or_throw(draft.tensor("labels", {count})).as<std::uint8_t>());
  const auto ids = or_throw(or_throw(draft.tensor("ids", {count})).as<std::uint32_t>());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::ranges::copy(from.image(indices[i]), &raw[i * digits::kPixels]);
    labels[i] = from.labels[indices[i]];
    ids[i] = indices[i];
  }
  return raw.size_bytes() + labels.size_bytes() + ids.size_bytes();
}

// Pushes batches no faster than the pace, so that a person can watch.
class Loader {
 public:
  Loader(const Options& options, tenure::Producer& batches, const digits::Samples& samples)
      : options_(options),
        batches_(batches),
        samples_(samples),
        order_(samples.count()),
        pushed_(samples.count()) {
    std::iota(order_.begin(), order_.end(), std::uint32_t{0});
  }

  // Every sample once, in an order of its own.
  void push_epoch(std::uint64_t epoch, std::mt19937& random) {
    std::ranges::shuffle(order_, random);
    std::span<const std::uint32_t> rest(order_);
    while (!rest.empty()) {
      const auto batch = rest.first(std::min(digits::kBatchSize, rest.size()));
      rest = rest.subspan(batch.size());
      push(batch, epoch);
      due_ += std::chrono::milliseconds(options_.pace_ms);
      std::this_thread::sleep_until(due_);
    }
  }

  void print(std::uint64_t epoch) const {
    std::cout << "epoch=" << epoch << " batches=" << count_ << " checksum=" << pushed_.checksum()
              << " bytes=" << bytes_ << '\n'
              << std::flush;
  }

 private:
  void push(std::span<const std::uint32_t> indices, std::uint64_t epoch) {
    tenure::Draft draft = or_throw(batches_.draft(30s));
    bytes_ += fill(draft, samples_, indices);
    or_throw(draft.set_note({.tag = epoch}));
    or_throw(batches_.push(std::move(draft)));
    ++count_;
    for (const std::uint32_t index : indices) {
      pushed_.note(epoch, index, samples_.image(index));
    }
  }

  const Options& options_;
  tenure::Producer& batches_;
  digits::Samples samples_;
  std::vector<std::uint32_t> order_;
  digits::Attendance pushed_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::chrono::steady_clock::time_point due_ = std::chrono::steady_clock::now();
};

void load(const Options& options) {
  const digits::Dataset dataset = digits::Dataset::load(options.data);
  tenure::Client client =
      or_throw(tenure::Client::connect({.socket = options.socket, .name = "loader"}));
  or_throw(client.create_queue(digits::kBatchesQueue, digits::batches_queue()));
  tenure::Producer batches =
      or_throw(client.producer(digits::kBatchesQueue, {.lane = digits::kRawLane, .timeout = 10s}));

  Loader loader(options, batches, dataset.training());
  std::mt19937 random(options.seed);
  for (std::uint64_t epoch = 1; epoch <= options.epochs; ++epoch) {
    loader.push_epoch(epoch, random);
    loader.print(epoch);
  }
  or_throw(batches.finish());
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Pushes the digits in batches of 32 into the queue digits/batches.");
  app.add_option("--socket", options.socket, "Of the broker; default: as every client finds it");
  app.add_option("--data", options.data, "Folder of images.npy and labels.npy");
  app.add_option("--epochs", options.epochs, "Times that every sample is pushed")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "Of the order in each epoch");
  app.add_option("--pace-ms", options.pace_ms, "Push no more than a batch in this time");
  CLI11_PARSE(app, argc, argv);
  try {
    load(options);
  } catch (const std::exception& failure) {
    std::cerr << "digits_loader: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}

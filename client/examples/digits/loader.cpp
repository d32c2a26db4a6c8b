// SPDX-License-Identifier: Apache-2.0
// Publishes the training samples in batches, in another order every epoch.
//
// Each line says what it has done so far:  epoch=3 batches=141
#include <algorithm>
#include <chrono>
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

#include "client/examples/digits/dataset.hpp"
#include "client/examples/digits/topics.hpp"

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
void fill(tenure::Draft& draft, const digits::Samples& from, std::span<const std::size_t> indices) {
  const auto count = static_cast<std::int64_t>(indices.size());
  const auto images = or_throw(or_throw(draft.tensor("images", {count, 8, 8})).as<std::uint8_t>());
  const auto labels = or_throw(or_throw(draft.tensor("labels", {count})).as<std::uint8_t>());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::ranges::copy(from.image(indices[i]), &images[i * digits::kPixels]);
    labels[i] = from.labels[indices[i]];
  }
}

// Publishes batches no faster than the pace, so that a person can watch.
class Loader {
 public:
  Loader(const Options& options, tenure::Publisher& batches, const digits::Samples& samples)
      : options_(options), batches_(batches), samples_(samples), order_(samples.count()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  // Every sample once, in an order of its own.
  void publish_epoch(std::uint64_t epoch, std::mt19937& random) {
    std::ranges::shuffle(order_, random);
    std::span<const std::size_t> rest(order_);
    while (!rest.empty()) {
      const auto batch = rest.first(std::min(digits::kBatchSize, rest.size()));
      rest = rest.subspan(batch.size());
      const bool last = rest.empty() && epoch == options_.epochs;
      publish(batch, last ? digits::last_of_all(epoch) : digits::more_follow(epoch));
      due_ += std::chrono::milliseconds(options_.pace_ms);
      std::this_thread::sleep_until(due_);
    }
  }

  [[nodiscard]] std::uint64_t published() const noexcept { return published_; }

 private:
  void publish(std::span<const std::size_t> indices, const tenure::Note& note) {
    tenure::Draft draft = or_throw(batches_.draft(30s));
    fill(draft, samples_, indices);
    or_throw(draft.set_note(note));
    or_throw(batches_.publish(std::move(draft)));
    ++published_;
  }

  const Options& options_;
  tenure::Publisher& batches_;
  digits::Samples samples_;
  std::vector<std::size_t> order_;
  std::uint64_t published_ = 0;
  std::chrono::steady_clock::time_point due_ = std::chrono::steady_clock::now();
};

void load(const Options& options) {
  const digits::Dataset dataset = digits::Dataset::load(options.data);
  tenure::Client client =
      or_throw(tenure::Client::connect({.socket = options.socket, .name = "loader"}));
  or_throw(client.create_topic(digits::kBatchesTopic, digits::batches_topic()));
  tenure::Publisher batches = or_throw(client.publisher(digits::kBatchesTopic, {.timeout = 10s}));
  or_throw(batches.wait_for_subscribers(1, 30s));

  Loader loader(options, batches, dataset.training());
  std::mt19937 random(options.seed);
  for (std::uint64_t epoch = 1; epoch <= options.epochs; ++epoch) {
    loader.publish_epoch(epoch, random);
    std::printf(
        "epoch=%ju batches=%ju\n", std::uintmax_t{epoch}, std::uintmax_t{loader.published()});
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Publishes the digits in batches of 32 on the topic digits/batches.");
  app.add_option("--socket", options.socket, "Of the broker; default: as every client finds it");
  app.add_option("--data", options.data, "Folder of images.npy and labels.npy");
  app.add_option("--epochs", options.epochs, "Times that every sample is published")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "Of the order in each epoch");
  app.add_option("--pace-ms", options.pace_ms, "Publish no more than a batch in this time");
  CLI11_PARSE(app, argc, argv);
  try {
    load(options);
  } catch (const std::exception& failure) {
    std::cerr << "digits_loader: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}

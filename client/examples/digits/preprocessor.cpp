// SPDX-License-Identifier: Apache-2.0
// Normalises raw batches where they lie, and passes them on to be trained on.
//
// A line now and then, and for each batch that somebody else had taken before and not finished:
//   batches=130 redelivered=1 read=264704 written=1058816
// With --hold-at 6 it takes a batch of epoch 6 or a later one, normalises half of it, says so, and
// keeps it until it is killed:
//   holding epoch=6 batches=118 redelivered=0 read=241152 written=964608
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <tenure/tenure.hpp>

#include "client/examples/digits/network.hpp"
#include "client/examples/digits/segments.hpp"

namespace {

using namespace std::chrono_literals;
using tenure::or_throw;

constexpr std::uint64_t kLineEvery = 10;

struct Options {
  std::string socket;
  std::uint64_t hold_at = 0;  // 0: never.
};

struct Progress {
  std::uint64_t batches = 0;      // Passed on.
  std::uint64_t redelivered = 0;  // Of them.
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
};

void print(std::string_view before, const Progress& progress) {
  std::cout << before << "batches=" << progress.batches << " redelivered=" << progress.redelivered
            << " read=" << progress.read_bytes << " written=" << progress.written_bytes << '\n'
            << std::flush;
}

// Room for the inputs of a batch, in its own slot; what somebody else began to write is in it.
std::span<float> inputs_of(tenure::Item& batch, std::size_t count) {
  const tenure::Shape shape{static_cast<std::int64_t>(count), digits::kPixels};
  return or_throw(or_throw(batch.writable("x", shape)).as<float>());
}

[[noreturn]] void hold(tenure::Item& batch, const Progress& progress) {
  const digits::Samples samples = digits::samples_in(batch);
  const std::span<float> inputs = inputs_of(batch, samples.count());
  digits::normalise(samples.images, inputs.first(inputs.size() / 2));
  print("holding epoch=" + std::to_string(batch.note().tag) + " ", progress);
  for (;;) {
    ::pause();
  }
}

void process(tenure::Item& batch, Progress& progress) {
  const bool redelivered = batch.deliveries() > 1;
  const digits::Samples samples = digits::samples_in(batch);
  const std::span<float> inputs = inputs_of(batch, samples.count());
  digits::normalise(samples.images, inputs);
  or_throw(batch.pass_on());
  ++progress.batches;
  progress.redelivered += redelivered ? 1U : 0U;
  progress.read_bytes += inputs.size() * sizeof(std::uint8_t);
  progress.written_bytes += inputs.size_bytes();
  if (redelivered || progress.batches % kLineEvery == 0) {
    print("", progress);
  }
}

void preprocess(const Options& options) {
  tenure::Client client =
      or_throw(tenure::Client::connect({.socket = options.socket, .name = "preprocessor"}));
  tenure::Consumer raw =
      or_throw(client.consumer(digits::kBatchesQueue, {.lane = digits::kRawLane, .timeout = 30s}));
  Progress progress;
  while (std::optional<tenure::Item> batch = digits::next(raw)) {
    if (options.hold_at != 0 && batch->note().tag >= options.hold_at) {
      hold(*batch, progress);
    }
    process(*batch, progress);
  }
  print("", progress);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Normalises the batches of digits/batches, in place.");
  app.add_option("--socket", options.socket, "Of the broker; default: as every client finds it");
  app.add_option("--hold-at", options.hold_at, "Keep a batch of this epoch until killed");
  CLI11_PARSE(app, argc, argv);
  try {
    preprocess(options);
  } catch (const std::exception& failure) {
    std::cerr << "digits_preprocessor: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}

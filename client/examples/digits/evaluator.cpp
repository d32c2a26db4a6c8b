// SPDX-License-Identifier: Apache-2.0
// Judges the newest weights where they lie, on samples that the trainer never sees.
//
// A line for each version it judges; lag: how many versions are newer by then.
//   version=47 accuracy=0.952862 lag=0 views=41 torn=0 bytes=788840
// With --hold-at 60 it takes a view of version 60 or a later one, says so, and keeps it until it is
// killed:
//   viewing v60
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <tenure/tenure.hpp>

#include "client/examples/digits/dataset.hpp"
#include "client/examples/digits/segments.hpp"

namespace {

using namespace std::chrono_literals;
using tenure::or_throw;

struct Options {
  std::string socket;
  std::string data = TENURE_DIGITS_DATA;
  std::uint64_t hold_at = 0;  // 0: never.
};

struct Judgement {
  std::uint64_t version = 0;
  double accuracy = 0.0;
  std::uint64_t views = 0;  // This and the following count from the start.
  std::uint64_t torn = 0;
  std::uint64_t bytes = 0;  // Of tensors read.
};

[[noreturn]] void hold(const tenure::View& view) {
  std::cout << "viewing v" << view.version() << '\n' << std::flush;
  for (;;) {
    ::pause();
  }
}

// Judges the weights in `view`, reading them where they lie.
void judge(const tenure::View& view, const digits::Samples& samples, Judgement& judgement) {
  judgement.version = view.version();
  judgement.accuracy = digits::accuracy(digits::weights_in(view), samples);
  judgement.bytes += digits::size_bytes(view);
  ++judgement.views;
}

void print(const Judgement& judgement, std::uint64_t newest) {
  std::cout << "version=" << judgement.version << " accuracy=" << judgement.accuracy
            << " lag=" << newest - judgement.version << " views=" << judgement.views
            << " torn=" << judgement.torn << " bytes=" << judgement.bytes << '\n'
            << std::flush;
}

void evaluate(const Options& options) {
  const digits::Dataset dataset = digits::Dataset::load(options.data);
  tenure::Client client =
      or_throw(tenure::Client::connect({.socket = options.socket, .name = "evaluator"}));
  tenure::Subscriber weights = or_throw(client.subscriber(digits::kWeightsTopic, {.timeout = 30s}));
  or_throw(weights.wait(30s));
  Judgement judgement;
  for (tenure::View view = or_throw(weights.latest());;) {
    judge(view, dataset.held_out(), judgement);
    if (options.hold_at != 0 && view.version() >= options.hold_at) {
      hold(view);
    }
    const bool last = digits::is_last(view);
    // Two views at once, of the same version or of two: the publisher needs neither slot.
    tenure::View newest = or_throw(weights.latest());
    const std::uint64_t torn = digits::release_torn(view);
    judgement.torn += torn;
    if (torn == 0) {
      print(judgement, newest.version());
    }
    if (last) {
      return;
    }
    if (newest.version() == judgement.version) {
      or_throw(weights.wait(30s));
      newest = or_throw(weights.latest());
    }
    view = std::move(newest);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Judges the newest weights of digits/weights on held-out digits.");
  app.add_option("--socket", options.socket, "Of the broker; default: as every client finds it");
  app.add_option("--data", options.data, "Folder of images.npy and labels.npy");
  app.add_option("--hold-at", options.hold_at, "Keep a view of this version until killed");
  CLI11_PARSE(app, argc, argv);
  try {
    evaluate(options);
  } catch (const std::exception& failure) {
    std::cerr << "digits_evaluator: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}

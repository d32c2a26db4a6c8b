// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/preprocessors.hpp"

#include <algorithm>
#include <cstdint>

#include "client/examples/digits/segments.hpp"

namespace digits {
namespace {

using Clock = std::chrono::steady_clock;
using tenure::or_throw;

// For so long the others go on around the batch that is held.
constexpr std::chrono::milliseconds kHoldFor{700};

}  // namespace

Preprocessors::Preprocessors(Scene& scene)
    : scene_(scene),
      steady_(scene.start("digits_preprocessor")),
      mortal_(scene.start("digits_preprocessor",
                          {"--hold-at", std::to_string(scene.options().hold_epoch)})) {
}

std::array<Worker*, 2> Preprocessors::workers() noexcept {
  return {&steady_, &mortal_};
}

void Preprocessors::hear() {
  steady_.read();
  for (const Report& report : mortal_.read()) {
    if (report.says("holding")) {
      Kill& kill = scene_.evidence().preprocessor;
      kill.held = report.count("epoch");
      held_since_ = Clock::now();
      scene_.screen().event(
          formatted("a preprocessor (pid %d) holds a batch of epoch %ju, half normalised",
                    mortal_.process().pid(),
                    std::uintmax_t{kill.held}));
    }
  }
}

bool Preprocessors::is_kill_due() const {
  return held_since_ && Clock::now() >= *held_since_ + kHoldFor;
}

void Preprocessors::replace() {
  Kill& kill = scene_.evidence().preprocessor;
  const pid_t victim = mortal_.process().pid();
  kill.confirmed = has_batch(victim);
  scene_.kill(mortal_, kill, [&] { return is_delivered_again(victim); });
  held_since_.reset();
  testify_for(mortal_);
  mortal_ = scene_.start("digits_preprocessor");
  scene_.screen().event(
      "it is killed with SIGKILL; the other one gets its batch, a third one starts");
}

bool Preprocessors::has_batch(pid_t holder) {
  const tenure::SegmentInfo queue = or_throw(scene_.broker().inspect(kBatchesQueue));
  return std::ranges::any_of(queue.participants, [&](const tenure::Participant& one) {
    return one.peer.pid == holder && one.lane == kRawLane && one.taken == 1;
  });
}

// The dead one has no place in the queue any more, what it had was given back, and is taken.
bool Preprocessors::is_delivered_again(pid_t holder) {
  const tenure::SegmentInfo queue = or_throw(scene_.broker().inspect(kBatchesQueue));
  const tenure::Lane& raw = queue.lanes.at(kRawLane);
  return raw.redelivered > 0 && raw.again == 0 &&
         std::ranges::none_of(queue.participants, [&](const tenure::Participant& one) {
           return one.peer.pid == holder;
         });
}

std::string Preprocessors::column() const {
  const std::string second =
      mortal_.last().says("holding") ? "holds" : std::to_string(mortal_.last().count("batches"));
  return formatted(
      "%4ju + %-6s   ", std::uintmax_t{steady_.last().count("batches")}, second.c_str());
}

void Preprocessors::testify() {
  testify_for(steady_);
  testify_for(mortal_);
}

// What one says last is of all that it has passed on.
void Preprocessors::testify_for(const Worker& worker) {
  Evidence& evidence = scene_.evidence();
  evidence.batches.normalised += worker.last().count("batches");
  evidence.batches.repeated += worker.last().count("redelivered");
  evidence.read_bytes += worker.last().count("read");
  evidence.written_bytes += worker.last().count("written");
}

}  // namespace digits

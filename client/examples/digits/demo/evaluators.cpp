// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/evaluators.hpp"

#include <algorithm>

#include "client/examples/digits/segments.hpp"

namespace digits {
namespace {

using tenure::or_throw;

// Versions that are published while the evaluator holds its view, before it is killed.
constexpr std::uint64_t kHoldFor = 15;

}  // namespace

Evaluators::Evaluators(Scene& scene)
    : scene_(scene),
      steady_{.worker = scene.start("digits_evaluator")},
      mortal_{.worker = scene.start("digits_evaluator",
                                    {"--hold-at", std::to_string(scene.options().hold_at)})} {
}

std::array<Worker*, 2> Evaluators::workers() noexcept {
  return {&steady_.worker, &mortal_.worker};
}

void Evaluators::hear() {
  hear(steady_);
  hear(mortal_);
}

void Evaluators::hear(Judge& judge) {
  for (const Report& report : judge.worker.read()) {
    if (report.says("viewing")) {
      Kill& kill = scene_.evidence().evaluator;
      kill.held = report.count("viewing");
      scene_.screen().event(formatted("an evaluator (pid %d) views v%ju and keeps it",
                                      judge.worker.process().pid(),
                                      std::uintmax_t{kill.held}));
    } else {
      judge.judged = report;
    }
  }
}

bool Evaluators::is_held() const {
  return mortal_.worker.last().says("viewing");
}

bool Evaluators::is_kill_due(std::uint64_t newest) const {
  return is_held() && newest >= scene_.evidence().evaluator.held + kHoldFor;
}

void Evaluators::replace(std::uint64_t newest) {
  Kill& kill = scene_.evidence().evaluator;
  const pid_t victim = mortal_.worker.process().pid();
  kill.confirmed = has_view(victim);
  scene_.evidence().versions_while_held = newest - kill.held;
  scene_.kill(mortal_.worker, kill, [&] { return is_gone(victim); });
  testify_for(mortal_);
  mortal_.worker = scene_.start("digits_evaluator");
  scene_.screen().event("it is killed with SIGKILL in the middle of that; another one starts");
}

bool Evaluators::has_view(pid_t holder) {
  const tenure::SegmentInfo topic = or_throw(scene_.broker().inspect(kWeightsTopic));
  return std::ranges::any_of(topic.readers, [&](const tenure::Reader& reader) {
    return reader.peer.pid == holder &&
           std::ranges::find(reader.held, scene_.evidence().evaluator.held) != reader.held.end();
  });
}

bool Evaluators::is_gone(pid_t holder) {
  const tenure::SegmentInfo topic = or_throw(scene_.broker().inspect(kWeightsTopic));
  return std::ranges::none_of(
      topic.readers, [&](const tenure::Reader& reader) { return reader.peer.pid == holder; });
}

std::string Evaluators::columns(std::uint64_t newest) const {
  std::string text;
  for (const Judge* judge : {&steady_, &mortal_}) {
    const Report& judged = judge->judged;
    if (judge->worker.last().says("viewing")) {
      const std::uint64_t held = judge->worker.last().count("viewing");
      text +=
          formatted("v%-5ju held, %ju behind", std::uintmax_t{held}, std::uintmax_t{newest - held});
    } else if (judged.says("accuracy")) {
      text += formatted("v%-5ju acc %.3f  lag %-4ju",
                        std::uintmax_t{judged.count("version")},
                        judged.number("accuracy"),
                        std::uintmax_t{judged.count("lag")});
    } else {
      text += std::string(26, ' ');
    }
  }
  return text;
}

void Evaluators::testify() {
  // Both have to be right, and up to date.
  scene_.evidence().accuracy =
      std::min(steady_.judged.number("accuracy"), mortal_.judged.number("accuracy"));
  scene_.evidence().judged_version =
      std::min(steady_.judged.count("version"), mortal_.judged.count("version"));
  testify_for(steady_);
  testify_for(mortal_);
}

// What an evaluator has said of itself until its end. What it held when it was killed is not in it.
void Evaluators::testify_for(Judge& judge) {
  Evidence& evidence = scene_.evidence();
  evidence.views += judge.judged.count("views");
  evidence.torn += judge.judged.count("torn");
  evidence.read_bytes += judge.judged.count("bytes");
  judge.judged = {};
}

}  // namespace digits

// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/play.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "client/examples/digits/topics.hpp"

namespace digits {
namespace {

using namespace std::chrono_literals;
using tenure::or_throw;

constexpr std::chrono::seconds kWholeRun{50};
constexpr std::chrono::milliseconds kRowEvery{500};
// Versions that are published while the evaluator holds its view, before it is killed.
constexpr std::uint64_t kHoldFor = 15;
constexpr std::chrono::seconds kNearKill{1};
constexpr std::chrono::seconds kReclaim{5};

// The topics are declared here too: they live until it was counted what happened on them.
tenure::Client connect_and_declare(const std::string& socket) {
  tenure::Client client = or_throw(tenure::Client::connect({.socket = socket, .name = "demo"}));
  or_throw(client.create_topic(kBatchesTopic, batches_topic()));
  or_throw(client.create_topic(kWeightsTopic, weights_topic()));
  return client;
}

void require_success(Worker& worker) {
  const auto ending = worker.process().wait(5s);
  if (!ending || ending->exit_code != 0) {
    throw std::runtime_error(worker.name() + (ending ? " ended with " + ending->text()
                                                     : " closed its output and still runs"));
  }
}

}  // namespace

Play::Play(const PlayOptions& options,
           const Screen& screen,
           const volatile std::sig_atomic_t& interrupted)
    : options_(options),
      screen_(screen),
      interrupted_(interrupted),
      started_(Clock::now()),
      client_(connect_and_declare(options.socket)),
      trainer_(start("digits_trainer", {})),
      steady_{.worker = start("digits_evaluator", {})},
      mortal_{.worker = start("digits_evaluator", {"--hold-at", std::to_string(options.hold_at)})},
      loader_(start("digits_loader",
                    {"--epochs",
                     std::to_string(options.epochs),
                     "--pace-ms",
                     std::to_string(options.pace_ms)})) {
}

Worker Play::start(const std::string& program, std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"--socket", options_.socket});
  return Worker({.program = options_.folder / program, .arguments = std::move(arguments)});
}

void Play::run() {
  Clock::time_point row_due = started_;
  while (!is_silent()) {
    if (interrupted_ != 0) {
      throw std::runtime_error("interrupted");
    }
    if (elapsed() > kWholeRun) {
      throw std::runtime_error("not finished within 50 s");
    }
    listen();
    if (Clock::now() >= row_due && trainer_.last().says("step")) {
      show_row();
      row_due = Clock::now() + kRowEvery;
    }
  }
  show_row();
  count();
}

bool Play::is_silent() const {
  return loader_.silent() && trainer_.silent() && steady_.worker.silent() &&
         mortal_.worker.silent();
}

void Play::poll_outputs() {
  std::array<pollfd, 4> outputs{
      {{.fd = loader_.output_fd(), .events = POLLIN, .revents = 0},
       {.fd = trainer_.output_fd(), .events = POLLIN, .revents = 0},
       {.fd = steady_.worker.output_fd(), .events = POLLIN, .revents = 0},
       {.fd = mortal_.worker.output_fd(), .events = POLLIN, .revents = 0}}};
  if (::poll(outputs.data(), outputs.size(), static_cast<int>(kRowEvery.count())) < 0 &&
      errno != EINTR) {
    throw std::system_error(errno, std::generic_category(), "poll");
  }
}

// Waits until a worker says something, and takes note of it.
void Play::listen() {
  poll_outputs();
  loader_.read();
  hear(steady_);
  hear(mortal_);
  hear_trainer();  // After the evaluators: nobody then seems to judge what is not published yet.
  for (Worker* worker : {&loader_, &trainer_, &steady_.worker, &mortal_.worker}) {
    if (worker->silent()) {
      require_success(*worker);
    }
  }
  const std::uint64_t held = evidence_.kill.version;
  const bool long_enough = trainer_.silent() || trainer_.last().count("version") >= held + kHoldFor;
  if (held != 0 && !killed_at_ && long_enough) {
    replace_evaluator();
  }
}

void Play::hear_trainer() {
  for (const Report& report : trainer_.read()) {
    const bool near = killed_at_ && Clock::now() < *killed_at_ + kNearKill;
    double& longest = near ? evidence_.longest_near_kill_ms : evidence_.longest_elsewhere_ms;
    longest = std::max(longest, report.number("longest_ms"));
    evidence_.versions_after_kill += killed_at_ ? 1U : 0U;
  }
}

void Play::hear(Judge& judge) {
  for (const Report& report : judge.worker.read()) {
    if (report.says("viewing")) {
      evidence_.kill.version = report.count("viewing");
      screen_.event(elapsed(),
                    formatted("an evaluator (pid %d) views v%ju and keeps it",
                              judge.worker.process().pid(),
                              std::uintmax_t{evidence_.kill.version}));
    } else {
      judge.judged = report;
    }
  }
}

void Play::replace_evaluator() {
  kill_evaluator();
  add_judged(mortal_);
  mortal_.worker = start("digits_evaluator", {});
}

void Play::kill_evaluator() {
  const pid_t victim = mortal_.worker.process().pid();
  memfds_ = memfds_mapped_by(trainer_.process().pid());
  memfds_.merge(memfds_mapped_by(victim));
  memfds_.merge(memfds_mapped_by(steady_.worker.process().pid()));
  evidence_.kill.held = holds_view(victim);
  evidence_.kill.behind = trainer_.last().count("version") - evidence_.kill.version;

  const Clock::time_point killed = Clock::now();
  mortal_.worker.process().send(SIGKILL);
  await_reclaim(victim, killed);
  evidence_.kill.ending = mortal_.worker.process().wait(kReclaim).value_or(examples::Ending{});
  killed_at_ = killed;
  screen_.event(elapsed(), "it is killed with SIGKILL in the middle of that; another one starts");
}

// The broker is asked until the dead evaluator has no place among the readers any more.
void Play::await_reclaim(pid_t holder, Clock::time_point killed) {
  while (Clock::now() < killed + kReclaim) {
    const tenure::SegmentInfo topic = or_throw(client_.inspect(kWeightsTopic));
    if (std::ranges::none_of(topic.readers, [&](const tenure::Reader& reader) {
          return reader.peer.pid == holder;
        })) {
      evidence_.kill.reclaimed = Clock::now() - killed;
      return;
    }
  }
}

bool Play::holds_view(pid_t holder) {
  const tenure::SegmentInfo topic = or_throw(client_.inspect(kWeightsTopic));
  return std::ranges::any_of(topic.readers, [&](const tenure::Reader& reader) {
    return reader.peer.pid == holder &&
           std::ranges::find(reader.held, evidence_.kill.version) != reader.held.end();
  });
}

// What an evaluator has said of itself until its end. What it held when it was killed is not in it.
void Play::add_judged(Judge& judge) {
  evidence_.views += judge.judged.count("views");
  evidence_.torn += judge.judged.count("torn");
  evidence_.viewed_bytes += judge.judged.count("bytes");
  judge.judged = {};
}

std::string Play::column(const Judge& judge) const {
  if (judge.worker.last().says("viewing")) {
    const std::uint64_t version = judge.worker.last().count("viewing");
    return formatted("v%-5ju held, %ju behind",
                     std::uintmax_t{version},
                     std::uintmax_t{trainer_.last().count("version") - version});
  }
  return judge.judged.says("accuracy") ? formatted("v%-5ju acc %.3f  lag %-4ju",
                                                   std::uintmax_t{judge.judged.count("version")},
                                                   judge.judged.number("accuracy"),
                                                   std::uintmax_t{judge.judged.count("lag")})
                                       : std::string(26, ' ');
}

void Play::show_row() const {
  const Report& trained = trainer_.last();
  std::string text = formatted("epoch %-3ju   step %-5ju loss %.4f  v%-5ju ",
                               std::uintmax_t{loader_.last().count("epoch")},
                               std::uintmax_t{trained.count("step")},
                               trained.number("loss"),
                               std::uintmax_t{trained.count("version")});
  text += column(steady_) + column(mortal_);
  screen_.row(elapsed(), text);
}

void Play::count() {
  const tenure::SegmentStat batches = or_throw(client_.stat(kBatchesTopic));
  const tenure::SegmentStat weights = or_throw(client_.stat(kWeightsTopic));
  const Report& trained = trainer_.last();
  evidence_.loaded_batches = loader_.last().count("batches");
  evidence_.published_batches = batches.published;
  evidence_.trained_batches = trained.count("step");
  evidence_.missed_batches = trained.count("missed");
  evidence_.published_versions = weights.published;
  evidence_.torn += trained.count("torn");
  evidence_.published_bytes = batches.published_bytes + weights.published_bytes;
  evidence_.viewed_bytes += trained.count("bytes");
  // Both have to be right, and up to date.
  evidence_.accuracy =
      std::min(steady_.judged.number("accuracy"), mortal_.judged.number("accuracy"));
  evidence_.judged_version =
      std::min(steady_.judged.count("version"), mortal_.judged.count("version"));
  add_judged(steady_);
  add_judged(mortal_);
  evidence_.control_bytes = or_throw(client_.broker_info()).control_bytes;
}

std::chrono::milliseconds Play::elapsed() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
}

}  // namespace digits

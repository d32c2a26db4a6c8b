// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/play.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>

#include "client/examples/digits/segments.hpp"

namespace digits {
namespace {

using namespace std::chrono_literals;
using tenure::or_throw;

constexpr std::chrono::seconds kWholeRun{50};
constexpr std::chrono::milliseconds kRowEvery{500};

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
    : interrupted_(interrupted),
      started_(Clock::now()),
      scene_(options, screen),
      trainer_(scene_.start("digits_trainer")),
      evaluators_(scene_),
      preprocessors_(scene_),
      loader_(scene_.start("digits_loader",
                           {"--epochs",
                            std::to_string(options.epochs),
                            "--pace-ms",
                            std::to_string(options.pace_ms)})) {
}

void Play::run() {
  Clock::time_point row_due = started_;
  while (!is_silent()) {
    check_limits();
    listen();
    kill_whoever_is_due();
    if (Clock::now() >= row_due && trainer_.last().says("step")) {
      show_row();
      row_due = Clock::now() + kRowEvery;
    }
  }
  show_row();
  count();
}

std::array<Worker*, 6> Play::workers() noexcept {
  const auto [first, second] = preprocessors_.workers();
  const auto [third, fourth] = evaluators_.workers();
  return {&loader_, first, second, &trainer_, third, fourth};
}

bool Play::is_silent() {
  return std::ranges::all_of(workers(), [](const Worker* worker) { return worker->silent(); });
}

void Play::check_limits() const {
  if (interrupted_ != 0) {
    throw std::runtime_error("interrupted");
  }
  if (Clock::now() > started_ + kWholeRun) {
    throw std::runtime_error("not finished within 50 s");
  }
}

void Play::poll_outputs() {
  std::array<pollfd, 6> outputs{};
  std::ranges::transform(workers(), outputs.begin(), [](const Worker* worker) {
    return pollfd{.fd = worker->output_fd(), .events = POLLIN, .revents = 0};
  });
  if (::poll(outputs.data(), outputs.size(), static_cast<int>(kRowEvery.count())) < 0 &&
      errno != EINTR) {
    throw std::system_error(errno, std::generic_category(), "poll");
  }
}

// Waits until a worker says something, and takes note of it.
void Play::listen() {
  poll_outputs();
  loader_.read();
  preprocessors_.hear();
  evaluators_.hear();
  hear_trainer();  // After the evaluators: nobody then seems to judge what is not published yet.
  for (Worker* worker : workers()) {
    if (worker->silent()) {
      require_success(*worker);
    }
  }
}

void Play::hear_trainer() {
  Evidence& evidence = scene_.evidence();
  for (const Report& report : trainer_.read()) {
    double& longest =
        scene_.near_kill() ? evidence.longest_near_kills_ms : evidence.longest_elsewhere_ms;
    longest = std::max(longest, report.number("longest_ms"));
    ++evidence.versions_after_kills;
  }
}

void Play::kill_whoever_is_due() {
  if (preprocessors_.is_kill_due()) {
    note_memfds();
    preprocessors_.replace();
  }
  const std::uint64_t newest = trainer_.last().count("version");
  if (evaluators_.is_kill_due(newest) || (trainer_.silent() && evaluators_.is_held())) {
    note_memfds();
    evaluators_.replace(newest);
  }
}

void Play::note_memfds() {
  for (Worker* worker : workers()) {
    memfds_.merge(memfds_mapped_by(worker->process().pid()));
  }
}

void Play::show_row() const {
  const Report& trained = trainer_.last();
  const std::uint64_t newest = trained.count("version");
  scene_.screen().row(formatted("epoch %-3ju   ", std::uintmax_t{loader_.last().count("epoch")}) +
                      preprocessors_.column() +
                      formatted("step %-5ju loss %.4f  v%-5ju ",
                                std::uintmax_t{trained.count("step")},
                                trained.number("loss"),
                                std::uintmax_t{newest}) +
                      evaluators_.columns(newest));
}

void Play::count() {
  Evidence& evidence = scene_.evidence();
  const tenure::SegmentStat weights = or_throw(scene_.broker().stat(kWeightsTopic));
  evidence.published_versions = weights.published;
  evidence.written_bytes += loader_.last().count("bytes") + weights.published_bytes;
  evidence.read_bytes += trainer_.last().count("bytes");
  count_batches(evidence.batches);
  count_samples(evidence.attended);
  preprocessors_.testify();
  evaluators_.testify();
  evidence.control_bytes = or_throw(scene_.broker().broker_info()).control_bytes;
}

void Play::count_batches(Batches& batches) {
  const tenure::SegmentInfo queue = or_throw(scene_.broker().inspect(kBatchesQueue));
  batches.loaded = loader_.last().count("batches");
  batches.pushed = queue.lanes.at(kRawLane).queued;
  batches.passed_on = queue.lanes.at(kNormalisedLane).queued;
  batches.redelivered = or_throw(scene_.broker().stat(kBatchesQueue)).redelivered;
  batches.trained = trainer_.last().count("step");
}

void Play::count_samples(Attended& attended) const {
  const Report& trained = trainer_.last();
  attended.loaded_epochs = loader_.last().count("epoch");
  attended.epochs = trained.count("epochs");
  attended.missing = trained.count("missing");
  attended.twice = trained.count("twice");
  attended.wrong = trained.count("wrong");
  attended.loaded_checksum = loader_.last().count("checksum");
  attended.checksum = trained.count("checksum");
}

}  // namespace digits

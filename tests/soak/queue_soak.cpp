// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/queue_soak.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "tests/soak/board.hpp"
#include "tests/soak/host.hpp"
#include "tests/soak/interrupt.hpp"
#include "tests/soak/leftovers.hpp"
#include "tests/soak/queue_ledger.hpp"
#include "tests/soak/queue_plan.hpp"
#include "tests/soak/queue_round.hpp"
#include "tests/soak/topic_plan.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kItems = 20'000'000;  // Of the calm rounds.
constexpr std::array kRuns{QueueRun::calm, QueueRun::deadly, QueueRun::parking};
// Rounds that a run is made of at least, however short it is: each number of slots once.
constexpr int kFewestRounds = 5;

void say_round(const QueuePlan& plan, const Host& host, QueueRun run, std::uint32_t round) {
  constexpr std::array kConsume{"", ", in place", ", repeatable"};
  constexpr std::array kEnds{"finished", "drained", "killed"};
  std::string text = "round " + std::to_string(round) + ", " + name_of(run) +
                     ": K = " + std::to_string(plan.spec.slots) + ", " +
                     std::to_string(plan.spec.lanes) + " lanes, " +
                     std::to_string(plan.workers.size()) + " processes";
  text += kConsume.at(static_cast<std::size_t>(plan.spec.consume));
  text += std::string(", ends ") + kEnds.at(static_cast<std::size_t>(plan.ends));
  text += host.mask.empty() ? std::string() : " (TENURE_MASK=" + host.mask + ")";
  std::fprintf(stderr, "%s\n", text.c_str());
}

class QueueSoak {
 public:
  explicit QueueSoak(const SoakOptions& options) : options_(options) {
    board_->seed = options.seed;
  }

  Outcome run() {
    for (const QueueRun run : kRuns) {
      run_rounds(run);
    }
    outcome_.violations = board_->violations;
    if (outcome_.violations != 0 && host_) {
      say_log(*host_);
    }
    return outcome_;
  }

 private:
  struct Sums {
    std::uint64_t items = 0;
    std::uint64_t kills = 0;
  };

  void run_rounds(QueueRun run) {
    const auto begin = Clock::now();
    const bool is_endless = run == QueueRun::calm && !options_.is_length_given;
    const std::chrono::milliseconds given(options_.length);
    const auto length = options_.is_length_given ? given / static_cast<int>(kRuns.size()) : given;
    const auto end = is_endless ? Clock::time_point::max() : begin + length;
    const auto longest = is_endless ? std::chrono::milliseconds(1min) : length / kFewestRounds;
    Sums sums;
    for (std::uint32_t index = 0; !is_interrupted() && !is_over(end, longest, index); ++index) {
      QueuePlan plan = plan_queue(options_.seed, run, index);
      plan.length = std::min(plan.length, longest);
      if (run == QueueRun::calm && sums.items >= kItems) {
        break;
      }
      run_round(run, plan, end, sums);
    }
    const std::chrono::duration<double> took = Clock::now() - begin;
    std::fprintf(stderr,
                 "%s: %llu bundles delivered, %llu processes killed, %.1f s\n",
                 name_of(run),
                 static_cast<unsigned long long>(sums.items),
                 static_cast<unsigned long long>(sums.kills),
                 took.count());
  }

  void run_round(QueueRun run, const QueuePlan& plan, Clock::time_point end, Sums& sums) {
    if (round_ % kRoundsOfABroker == 0) {
      host_.reset();
      host_ = start_host(plan_mask(options_.seed, round_));
    }
    say_round(plan, *host_, run, round_);
    board_.clear();
    ledger_.clear();
    board_->round = round_;
    {
      const Random faults(Random(options_.seed ^ round_).next());
      QueueRound running(board_, ledger_, venue_of(*host_), plan, faults);
      running.run(end);
      outcome_.operations += running.operations();
      sums.items += running.items();
      sums.kills += running.kills();
    }
    check_broker(*board_, *host_);
    ++round_;
  }

  // Not with a round left that is hardly one.
  static bool is_over(Clock::time_point end,
                      std::chrono::milliseconds longest,
                      std::uint32_t index) {
    return index != 0 && end != Clock::time_point::max() && end - Clock::now() < longest / 2;
  }

  const SoakOptions& options_;
  SharedBoard board_;
  SharedMemory ledger_{"soak-ledger", sizeof(LedgerOfQueue)};
  std::optional<Host> host_;
  Outcome outcome_;
  std::uint32_t round_ = 0;
};

}  // namespace

Outcome soak_queues(const SoakOptions& options) {
  catch_interrupts();
  adopt_orphans();
  return QueueSoak(options).run();
}

}  // namespace tenure::soak

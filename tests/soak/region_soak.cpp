// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/region_soak.hpp"

#include <cstdio>
#include <optional>
#include <string>

#include "tests/soak/board.hpp"
#include "tests/soak/host.hpp"
#include "tests/soak/interrupt.hpp"
#include "tests/soak/leftovers.hpp"
#include "tests/soak/region_ledger.hpp"
#include "tests/soak/region_mail.hpp"
#include "tests/soak/region_plan.hpp"
#include "tests/soak/region_round.hpp"
#include "tests/soak/topic_plan.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

constexpr auto kShortestRound = 2s;

void say_round(const RegionPlan& plan, const Host& host, std::uint32_t round) {
  std::string text = "round " + std::to_string(round) + ":";
  for (const BufferSpec& buffer : plan.buffers) {
    text += " " + std::to_string(buffer.size_bytes >> 10U) + " KiB in grains of ";
    text += buffer.grain_bytes == 0 ? std::string("any size")
                                    : std::to_string(buffer.grain_bytes >> 10U) + " KiB";
    text += buffer.is_isolated ? " isolated;" : ";";
  }
  text += " " + std::to_string(plan.workers.size()) + " workers";
  text += plan.has_many_uids ? " of two uids" : "";
  text += plan.is_lent_by_broker ? ", lent by the broker" : ", lent by a worker";
  text += host.mask.empty() ? std::string() : " (TENURE_MASK=" + host.mask + ")";
  std::fprintf(stderr, "%s\n", text.c_str());
}

bool is_enough(const SoakOptions& options, std::uint64_t handovers) {
  return options.handovers != 0 && handovers >= options.handovers;
}

}  // namespace

Outcome soak_regions(const SoakOptions& options) {
  catch_interrupts();
  adopt_orphans();
  SharedBoard board;
  const SharedMemory ledger("soak-ledger", sizeof(LedgerPages));
  MailBoxes boxes;
  board->seed = options.seed;
  Outcome outcome;
  std::uint64_t handovers = 0;
  std::optional<Host> host;
  const auto end =
      options.handovers != 0 ? Clock::time_point::max() : Clock::now() + options.length;
  for (std::uint32_t round = 0; !is_interrupted(); ++round) {
    const bool is_late = round != 0 && end - Clock::now() < kShortestRound;
    if (is_late || is_enough(options, handovers)) {
      break;
    }
    if (round % kRoundsOfABroker == 0) {
      host.reset();
      host = start_host(plan_mask(options.seed, round));
    }
    const RegionPlan plan = plan_regions(options.seed, round, options.workers);
    say_round(plan, *host, round);
    board.clear();
    ledger.clear();  // No claims, and nothing written yet.
    board->round = round;
    board->regions.ledger_fd = ledger.fd();
    boxes.clear(*board);
    {
      const Random faults(Random(options.seed ^ round).next());
      RegionRound running(board, venue_of(*host), plan, faults);
      running.run(end, options.handovers == 0 ? 0 : options.handovers - handovers);
      outcome.operations += running.operations();
      handovers += running.handovers();
    }
    check_broker(*board, *host);
  }
  outcome.violations = board->violations;
  if (outcome.violations != 0 && host) {
    say_log(*host);
  }
  return outcome;
}

}  // namespace tenure::soak

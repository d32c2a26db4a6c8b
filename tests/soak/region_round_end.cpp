// SPDX-License-Identifier: Apache-2.0
// After a round everybody is dead: no token may be left over, and everything can be had again.
#include <algorithm>
#include <chrono>
#include <string>

#include "tests/soak/interrupt.hpp"
#include "tests/soak/region_round.hpp"
#include "tests/support/child.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

// Tickets of the dead stay good for a while.
constexpr auto kToCome = 20s;

std::string describe(const TokenReport& report) {
  std::string text;
  for (const TokenInfo& token : report.tokens) {
    text += " " + std::to_string(token.id) +
            (token.mode == TokenMode::borrow ? " borrows [" : " freezes [") +
            std::to_string(token.region.begin_bytes) + ", " +
            std::to_string(token.region.end_bytes) + ") of session " +
            std::to_string(token.holder.session) + " in state " +
            std::to_string(static_cast<int>(token.state)) + ";";
  }
  return text + " " + std::to_string(report.waiting.size()) + " waiting";
}

}  // namespace

void RegionRound::check_left_over() {
  check_processes(*board_, venue_.broker);
  for (std::uint32_t buffer = 0; buffer < plan_.buffers.size(); ++buffer) {
    if (!is_interrupted()) {
      check_tokens(buffer);
    }
  }
  if (!is_interrupted()) {
    sweep();
  }
  for (std::uint32_t buffer = 0; buffer < plan_.buffers.size(); ++buffer) {
    if (!is_interrupted()) {
      check_tokens(buffer);
    }
    remove(buffer);
  }
}

void RegionRound::check_tokens(std::uint32_t buffer) {
  TokenReport report;
  std::string error;
  const bool is_clean = support::eventually(
      [&] {
        auto listed = venue_.client.tokens(buffer_name(board_->round, buffer));
        error = listed ? std::string() : listed.error().message();
        if (listed) {
          report = *std::move(listed);
        }
        return listed && report.tokens.empty() && report.waiting.empty();
      },
      kToCome);
  if (!is_clean) {
    violation("buffer " + std::to_string(buffer) +
              ": left over: " + (error.empty() ? describe(report) : error));
  }
}

void RegionRound::sweep() {
  const std::string fault = run_last(
      board_, venue_, kMaxRegionWorkers - 1, {.role = Role::region_sweep, .seed = random_.next()});
  if (!fault.empty()) {
    violation("the buffers cannot be had again: " + fault);
  }
}

void RegionRound::remove(std::uint32_t buffer) {
  const auto removed = venue_.client.remove(buffer_name(board_->round, buffer));
  // Interrupted at once, nobody may have created it yet.
  const bool is_gone = removed || (is_interrupted() && removed.error().code == Errc::not_found);
  if (!is_gone) {
    violation("buffer " + std::to_string(buffer) + ": remove: " + removed.error().message());
  }
}

}  // namespace tenure::soak

// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/board.hpp"

#include <unistd.h>

#include <cstdio>
#include <new>
#include <type_traits>

namespace tenure::soak {
namespace {

constexpr std::uint64_t kMostPrinted = 40;

static_assert(std::is_trivially_destructible_v<Board>);

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
  return bytes >= kMebibyte ? std::to_string(bytes / kMebibyte) + " MiB"
                            : std::to_string(bytes) + " B";
}

}  // namespace

std::string describe(const TopicSpec& spec) {
  return size_text(spec.size_bytes) + ", K = " + std::to_string(spec.slots) +
         (spec.is_lossless ? ", lossless" : ", overwrite");
}

SharedBoard::SharedBoard()
    : memory_("soak-board", sizeof(Board)), board_(new(memory_.data()) Board{}) {
}

SharedBoard::SharedBoard(int fd)
    : memory_(fd, sizeof(Board)), board_(static_cast<Board*>(memory_.data())) {
}

void SharedBoard::clear() noexcept {
  const std::uint64_t violations = board_->violations;
  const bool is_interrupted = board_->is_interrupted;
  const std::uint64_t seed = board_->seed;
  new (board_) Board{};
  board_->violations = violations;
  board_->is_interrupted = is_interrupted;
  board_->seed = seed;
}

void violate(Board& board, const WorkerBoard* who, const std::string& what) {
  if (board.is_interrupted) {
    return;  // Others may be gone before us.
  }
  if (board.violations.fetch_add(1) >= kMostPrinted) {
    return;
  }
  std::string where = "round " + std::to_string(board.round);
  if (who != nullptr && (is_of_regions(who->spec.role) || is_of_queues(who->spec.role))) {
    where += ", ";
    where += name_of(who->spec.role);
  } else if (who != nullptr) {
    where += ", topic " + std::to_string(who->spec.topic) + " (" +
             describe(board.topics.at(who->spec.topic).spec) + "), " + name_of(who->spec.role) +
             (who->spec.has_steps ? " with steps" : "");
  }
  if (who != nullptr) {
    where += ", worker " + std::to_string(who - board.workers.data()) + ", pid " +
             std::to_string(::getpid());
  }
  std::fprintf(stderr,
               "violation: seed %llu, %s: %s\n",
               static_cast<unsigned long long>(board.seed),
               where.c_str(),
               what.c_str());
}

}  // namespace tenure::soak

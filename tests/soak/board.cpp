// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/board.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <stdexcept>
#include <type_traits>

namespace tenure::soak {
namespace {

constexpr std::uint64_t kMostPrinted = 40;

static_assert(std::is_trivially_destructible_v<Board>);

Board* map(int fd) {
  void* place = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (fd < 0 || place == MAP_FAILED) {
    throw std::runtime_error(std::string("the board: ") + std::strerror(errno));
  }
  return static_cast<Board*>(place);
}

int make_fd() {
  const int fd = ::memfd_create("soak-board", 0);  // Inherited over exec.
  if (fd >= 0 && ::ftruncate(fd, sizeof(Board)) != 0) {
    throw std::runtime_error(std::string("the board: ") + std::strerror(errno));
  }
  return fd;
}

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

SharedBoard::SharedBoard() : fd_(make_fd()), board_(new(map(fd_)) Board{}) {
}

SharedBoard::SharedBoard(int fd) : fd_(fd), board_(map(fd)) {
}

SharedBoard::~SharedBoard() {
  ::munmap(board_, sizeof(Board));
  ::close(fd_);
}

void SharedBoard::clear() noexcept {
  const std::uint64_t violations = board_->violations;
  const bool is_interrupted = board_->is_interrupted;
  new (board_) Board{};
  board_->violations = violations;
  board_->is_interrupted = is_interrupted;
}

void violate(Board& board, const WorkerBoard* who, const std::string& what) {
  if (board.is_interrupted) {
    return;  // Others may be gone before us.
  }
  if (board.violations.fetch_add(1) >= kMostPrinted) {
    return;
  }
  std::string where = "round " + std::to_string(board.round);
  if (who != nullptr) {
    where += ", topic " + std::to_string(who->spec.topic) + " (" +
             describe(board.topics.at(who->spec.topic).spec) + "), " + name_of(who->spec.role) +
             (who->spec.has_steps ? " with steps" : "") + ", worker " +
             std::to_string(who - board.workers.data()) + ", pid " + std::to_string(::getpid());
  }
  std::fprintf(stderr, "violation: %s: %s\n", where.c_str(), what.c_str());
}

}  // namespace tenure::soak

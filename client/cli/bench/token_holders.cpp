// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/token_holders.hpp"

#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <tenure/client.hpp>

#include "client/cli/bench/cpus.hpp"

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

constexpr ::uid_t kOtherUid = 65533;  // Of nobody. Not 65534, which brokers refuse.
constexpr std::uint32_t kTokensPerRequest = 1000;

// The socket's folder may be root's alone, so files are looked up as root on. Errors: denied
Result<void> become_another_user() {
  const ::pid_t parent = ::getppid();
  if (::setresuid(kOtherUid, kOtherUid, 0) != 0) {
    return Error{.code = Errc::denied,
                 .sys_errno = errno,
                 .detail = "cannot become another user: " + std::string(std::strerror(errno))};
  }
  ::setfsuid(0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // A new uid forgets it.
  return ::getppid() == parent ? Result<void>()
                               : Error{.code = Errc::cancelled, .detail = "the parent died"};
}

// Does not return while all is well.
Result<void> hold(Board& board,
                  const TokenHolders::Options& options,
                  std::uint64_t begin_bytes,
                  std::uint32_t tokens) {
  auto client = Client::connect({.socket = options.socket, .name = "bench-holder", .timeout = 10s});
  auto buffer = client ? client->buffer(options.buffer) : std::move(client).error();
  if (!buffer) {
    return std::move(buffer).error();
  }
  std::vector<std::vector<Borrow>> held;
  const std::uint64_t page = buffer->page_bytes();
  for (std::uint32_t done = 0; done < tokens; done += kTokensPerRequest) {
    std::vector<Region> regions;
    for (std::uint32_t i = done; i < std::min(done + kTokensPerRequest, tokens); ++i) {
      regions.push_back({begin_bytes + i * page, begin_bytes + (i + 1) * page});
    }
    auto some = buffer->borrow_all(regions);
    if (!some) {
      return std::move(some).error();
    }
    held.push_back(*std::move(some));
  }
  // release: the tokens are held. pairs: bench.done
  board.done.store(1, std::memory_order_release);
  for (;;) {
    ::pause();
  }
}

}  // namespace

TokenHolders::TokenHolders(std::vector<PeerProcess> processes) : processes_(std::move(processes)) {
}

Result<TokenHolders> TokenHolders::start(const Options& options) {
  std::vector<PeerProcess> processes;
  for (const bool is_second : {false, true}) {
    auto process = PeerProcess::start(
        options.cpu,
        [&](Board& board) {
          auto ready = is_second && options.uids == 2 ? become_another_user() : Result<void>();
          const std::uint64_t begin_bytes = is_second ? options.half_bytes : 0;
          return ready ? hold(board, options, begin_bytes, options.tokens / 2) : ready;
        },
        options.goes_on);
    if (!process) {
      return std::move(process).error();
    }
    process->begin(Task::none, 0);
    if (auto done = process->await_done(); !done) {
      return std::move(done).error();
    }
    processes.push_back(*std::move(process));
  }
  return TokenHolders(std::move(processes));
}

}  // namespace tenure::cli::bench

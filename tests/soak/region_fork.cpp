// SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "tests/soak/region_actions.hpp"

namespace tenure::soak {
namespace {

// In the child: what is wrong, or nothing.
std::string use_after_fork(Client& client,
                           std::vector<Buffer>& buffers,
                           const std::vector<std::unique_ptr<Holding>>& held) {
  const auto is_forked = [](const auto& result) {
    return !result && result.error().code == Errc::forked;
  };
  if (!is_forked(client.ping())) {
    return "it uses its parent's client";
  }
  for (Buffer& buffer : buffers) {
    if (!is_forked(buffer.borrow({0, kPageBytes})) || !is_forked(buffer.freeze({0, kPageBytes}))) {
      return "it uses its parent's buffer";
    }
  }
  for (const std::unique_ptr<Holding>& one : held) {
    if (std::string fault = one->find_fork_fault(); !fault.empty()) {
      return fault;
    }
  }
  return {};
}

}  // namespace

void check_region_fork(RegionWorker& worker,
                       Client& client,
                       std::vector<Buffer>& buffers,
                       const std::vector<std::unique_ptr<Holding>>& held) {
  const ::pid_t parent = ::getpid();
  const ::pid_t child = ::fork();
  if (child < 0) {
    worker.violation("fork failed: " + std::to_string(errno));
    return;
  }
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::string wrong =
        ::getppid() == parent ? use_after_fork(client, buffers, held) : std::string();
    if (!wrong.empty()) {
      worker.violation("a forked child: " + wrong);
    }
    ::_exit(0);  // Nothing of its parent's is given back.
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    worker.violation("a forked child ended with status " + std::to_string(status));
  }
  worker.did_one();
}

}  // namespace tenure::soak

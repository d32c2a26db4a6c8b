// SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

#include "tests/soak/preemption.hpp"
#include "tests/soak/stamp.hpp"
#include "tests/soak/worker.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

bool says_forked(const Error& error) {
  return error.code == Errc::forked;
}

// In the child: 0, or which check failed.
int use_after_fork(Worker& worker, Subscriber& subscriber, const View& view) {
  const auto tensor = view.tensor("words");
  if (tensor || !says_forked(tensor.error())) {
    return 1;
  }
  const auto refused = subscriber.next(kNoWait);
  if (refused || !says_forked(refused.error())) {
    return 2;
  }
  if (!subscriber.reopen(5s)) {
    return 3;
  }
  auto own = subscriber.latest();
  if (!own || own->version() < view.version()) {
    return 4;
  }
  if (!find_fault(*own, worker.topic_spec(), own->version()).empty()) {
    return 5;
  }
  return own->release() ? 0 : 6;
}

}  // namespace

void check_fork(Worker& worker, Subscriber& subscriber, const View& view) {
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    worker.violation("fork failed: " + std::to_string(errno));
    return;
  }
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    end_preemption();
    ::_exit(::getppid() == parent ? use_after_fork(worker, subscriber, view) : 0);
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

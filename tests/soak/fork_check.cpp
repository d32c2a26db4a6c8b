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

// Where leases are masked, any new publisher may bring fresh memory, again and again.
Result<View> latest_of(Worker& worker, Subscriber& subscriber) {
  auto latest = subscriber.latest();
  while (!latest && latest.error().code == Errc::superseded && !worker.is_over()) {
    if (!worker.reopen(subscriber, latest.error())) {
      break;
    }
    latest = subscriber.latest();
  }
  return latest;
}

// In the child: what is wrong, or nothing.
std::string use_after_fork(Worker& worker, Subscriber& subscriber, const View& view) {
  const auto tensor = view.tensor("words");
  if (tensor || !says_forked(tensor.error())) {
    return "it reads its parent's view";
  }
  const auto refused = subscriber.next(kNoWait);
  if (refused || !says_forked(refused.error())) {
    return "it uses its parent's subscriber";
  }
  if (auto reopened = subscriber.reopen(5s); !reopened) {
    return "reopen: " + reopened.error().message();
  }
  auto own = latest_of(worker, subscriber);
  if (!own) {
    return worker.is_over() ? "" : "latest: " + own.error().message();
  }
  if (own->version() < view.version()) {
    return "latest gave v" + std::to_string(own->version()) + " after v" +
           std::to_string(view.version());
  }
  if (auto fault = find_fault(*own, worker.topic_spec(), own->version()); !fault.empty()) {
    return fault;
  }
  auto released = own->release();
  return released ? "" : "release: " + released.error().message();
}

// Says what is wrong itself: the parent knows its exit status only.
int run_child(Worker& worker, Subscriber& subscriber, const View& view) {
  const std::string wrong = use_after_fork(worker, subscriber, view);
  if (!wrong.empty()) {
    worker.violation("a forked child: " + wrong);
  }
  return 0;
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
    ::_exit(::getppid() == parent ? run_child(worker, subscriber, view) : 0);
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

// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/region_worker.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <thread>
#include <utility>

namespace tenure::soak {

using namespace std::chrono_literals;

RegionWorker::RegionWorker(std::string socket, Board& board, std::size_t index)
    : socket_(std::move(socket)),
      board_(board),
      index_(index),
      own_(board.workers.at(index)),
      life_(own_.lives),
      ledger_(board, index),
      random_(own_.spec.seed) {
}

Client RegionWorker::connect() const {
  Client client =
      or_throw(Client::connect({.socket = socket_, .name = name_of(spec().role), .timeout = 20s}));
  or_throw(client.ping());
  own_.session = client.session();
  return client;
}

Stamp RegionWorker::stamp(std::uint64_t token) noexcept {
  return {.worker = index_, .life = life_, .token = token, .write = ++writes_};
}

bool RegionWorker::refused(const char* verb,
                           const Error& error,
                           std::initializer_list<Errc> allowed) {
  if (std::ranges::find(allowed, error.code) == allowed.end()) {
    violation(std::string(verb) + ": " + error.message());
  }
  return false;
}

void RegionWorker::pause(std::chrono::microseconds most) {
  if (random_.one_in(4)) {
    const auto us = static_cast<std::uint64_t>(most.count());
    std::this_thread::sleep_for(std::chrono::microseconds(random_.between(1, us)));
  } else {
    ::sched_yield();
  }
}

void RegionWorker::die() {
  own_.ended_lives = life_;
  ::kill(::getpid(), SIGKILL);
  std::abort();
}

void become_user(const WorkerSpec& spec) {
  if (spec.uid == 0) {
    return;
  }
  const ::pid_t parent = ::getppid();
  if (::setresgid(spec.uid, spec.uid, spec.uid) != 0 ||
      ::setresuid(spec.uid, spec.uid, spec.uid) != 0) {
    throw std::runtime_error("cannot become another user");
  }
  // Another uid clears it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    throw std::runtime_error("the soak is gone");
  }
}

}  // namespace tenure::soak

// SPDX-License-Identifier: Apache-2.0
#include "daemon/shm/fork_lock.hpp"

#include <pthread.h>
#include <unistd.h>

#include <set>
#include <utility>

namespace tenure::shm {
namespace {

struct Forks {
  std::mutex making;              // Held for as long as it takes to reserve memory.
  std::mutex opening;             // Held for a moment.
  std::set<int> not_in_children;  // Guarded by opening.
};

Forks& forks() {
  static auto* const state = new Forks;  // Never destroyed: forks may come after static ends.
  return *state;
}

void before_fork() {
  forks().making.lock();
  forks().opening.lock();
}

void after_fork() {
  forks().opening.unlock();
  forks().making.unlock();
}

// Nobody was changing the set: the lock is held since before the fork.
void in_child() {
  for (const int fd : forks().not_in_children) {
    ::close(fd);
  }
  after_fork();
}

void watch_forks() {
  static const int registered = ::pthread_atfork(before_fork, after_fork, in_child);
  static_cast<void>(registered);
}

void close_it(const os::UniqueFd* fd) {
  const std::scoped_lock lock(forks().opening);
  forks().not_in_children.erase(fd->get());
  delete fd;
}

}  // namespace

std::unique_lock<std::mutex> hold_off_fork() {
  watch_forks();
  return std::unique_lock(forks().making);
}

Result<std::shared_ptr<const os::UniqueFd>> open_not_in_children(
    const std::function<Result<os::UniqueFd>()>& open) {
  watch_forks();
  const std::scoped_lock lock(forks().opening);
  auto opened = open();
  if (!opened) {
    return opened.error();
  }
  forks().not_in_children.insert(opened->get());
  return std::shared_ptr<const os::UniqueFd>(new os::UniqueFd(std::move(*opened)), close_it);
}

}  // namespace tenure::shm

// SPDX-License-Identifier: Apache-2.0
#include "daemon/shm/fork_lock.hpp"

#include <pthread.h>

namespace tenure::shm {
namespace {

std::mutex& fork_lock() {
  static auto* const lock = new std::mutex;  // Never destroyed: forks may come after static ends.
  return *lock;
}

}  // namespace

std::unique_lock<std::mutex> hold_off_fork() {
  static const int registered = ::pthread_atfork(
      [] { fork_lock().lock(); }, [] { fork_lock().unlock(); }, [] { fork_lock().unlock(); });
  static_cast<void>(registered);
  return std::unique_lock(fork_lock());
}

}  // namespace tenure::shm

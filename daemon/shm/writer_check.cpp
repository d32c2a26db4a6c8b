// SPDX-License-Identifier: Apache-2.0
#include "daemon/shm/writer_check.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "proto/os/kernel.hpp"

namespace tenure::shm {

Writers check_writers(int read_only_fd) noexcept {
  if (!os::is_unmasked(os::Feature::lease)) {
    return Writers::unknown;
  }
  ::sigset_t sigio{};
  ::sigemptyset(&sigio);
  ::sigaddset(&sigio, SIGIO);
  ::pthread_sigmask(SIG_BLOCK, &sigio, nullptr);
  // Giving a lease back erases the owner, and without one SIGIO goes to the whole process: so the
  // owner is set before each lease.
  const ::f_owner_ex this_thread{.type = F_OWNER_TID, .pid = ::gettid()};
  if (::fcntl(read_only_fd, F_SETOWN_EX, &this_thread) != 0) {
    return Writers::unknown;
  }
  if (::fcntl(read_only_fd, F_SETLEASE, F_RDLCK) != 0) {
    return errno == EAGAIN ? Writers::some : Writers::unknown;
  }
  ::fcntl(read_only_fd, F_SETLEASE, F_UNLCK);
  return Writers::none;
}

}  // namespace tenure::shm

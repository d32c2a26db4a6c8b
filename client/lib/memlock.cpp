// SPDX-License-Identifier: Apache-2.0
#include "client/lib/memlock.hpp"

#include <sys/resource.h>

#include <cstdint>
#include <fstream>

namespace tenure::detail {
namespace {

// VmLck of /proc/self/status: what counts against the limit already.
std::uint64_t locked_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (std::uint64_t kibibytes = 0; word == "VmLck:" && status >> kibibytes) {
      return kibibytes * 1024;
    }
  }
  return 0;
}

}  // namespace

Error memlock_error(const std::string& refused, int sys_errno) {
  Error error{.code = Errc::no_memory, .sys_errno = sys_errno, .detail = refused};
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    error.detail += "; RLIMIT_MEMLOCK is unlimited";
    error.hint = "the system has not that much memory to spare";
    return error;
  }
  error.count = limit.rlim_cur;
  error.detail += "; RLIMIT_MEMLOCK allows " + std::to_string(limit.rlim_cur) + " bytes, " +
                  std::to_string(locked_bytes()) + " of which are locked";
  error.hint = "`ulimit -l unlimited`, LimitMEMLOCK=infinity in a systemd unit, or CAP_IPC_LOCK";
  return error;
}

}  // namespace tenure::detail

// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/app/daemon.hpp"

int main(int argc, char** argv) {
  // Started with one of these closed, the log would go to whatever is opened in its place.
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      static_cast<void>(::open("/dev/null", O_RDWR));  // The lowest number that is free: this one.
    }
  }
  return tenure::app::run(argc, argv);
}

// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "client/cli/run.hpp"

namespace {

// A standard descriptor that is closed would be given to the next file that is opened: the broker's
// socket, which then got the tool's output. It is held by /dev/null, opened the other way round, so
// that what reads or writes it is refused as before. open() gives the lowest number that is free.
void hold_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      // Kept until the end. Where it fails, there is nobody left to tell.
      static_cast<void>(::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_descriptors();
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return tenure::cli::run(arguments);
}

// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/shared_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace tenure::soak {
namespace {

[[noreturn]] void fail() {
  throw std::runtime_error(std::string("the soak's memory: ") + std::strerror(errno));
}

void* map(int fd, std::size_t size_bytes) {
  void* place = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (place == MAP_FAILED) {
    fail();
  }
  return place;
}

int make_fd(const char* name, std::size_t size_bytes) {
  const int fd = ::memfd_create(name, 0);  // Inherited over exec.
  if (fd < 0 || ::ftruncate(fd, static_cast<::off_t>(size_bytes)) != 0) {
    fail();
  }
  return fd;
}

}  // namespace

SharedMemory::SharedMemory(const char* name, std::size_t size_bytes)
    : fd_(make_fd(name, size_bytes)), size_bytes_(size_bytes), data_(map(fd_, size_bytes)) {
}

SharedMemory::SharedMemory(int fd, std::size_t size_bytes)
    : fd_(fd), size_bytes_(size_bytes), data_(map(fd, size_bytes)) {
}

void SharedMemory::clear() const {
  if (::madvise(data_, size_bytes_, MADV_REMOVE) != 0) {
    fail();
  }
}

SharedMemory::~SharedMemory() {
  ::munmap(data_, size_bytes_);
  ::close(fd_);
}

}  // namespace tenure::soak

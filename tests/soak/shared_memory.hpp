// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace tenure::soak {

/// A memfd, mapped. The first process makes it, zeroed; others map the descriptor that they
/// inherited. Throws std::runtime_error.
class SharedMemory {
 public:
  SharedMemory(const char* name, std::size_t size_bytes);
  SharedMemory(int fd, std::size_t size_bytes);
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory();

  [[nodiscard]] void* data() const noexcept { return data_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Zeroes it, and gives its pages back.
  void clear() const;

 private:
  int fd_;
  std::size_t size_bytes_;
  void* data_;
};

}  // namespace tenure::soak

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include <tenure/result.hpp>

#include "proto/os/unique_fd.hpp"

namespace tenure::io {

/// A listening SOCK_SEQPACKET socket in the file system, 0666: connecting grants nothing. The file
/// goes with it, unless another broker has replaced it. Threads: one.
class ListenSocket {
 public:
  /// Makes the directory if it is missing, and takes the place of a broker that is dead.
  ///
  /// Errors: exists       a broker listens there already;  bad_request  the path is too long or
  ///         empty;  denied, not_found  the directory cannot be used, or others than its
  ///         group, this user and root could replace what is in it
  [[nodiscard]] static Result<ListenSocket> bind(const std::string& path);
  ListenSocket(ListenSocket&& other) noexcept = default;
  ListenSocket& operator=(ListenSocket&& other) noexcept = delete;
  ~ListenSocket() { close(); }

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Stops listening and removes the file.
  void close() noexcept;

 private:
  ListenSocket() = default;

  os::UniqueFd fd_;
  std::string path_;
  ::dev_t device_ = 0;
  ::ino_t inode_ = 0;
};

}  // namespace tenure::io

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include <tenure/result.hpp>

#include "proto/os/unique_fd.hpp"

namespace tenure::io {

/// Who may connect: everybody, which grants nothing, or the broker's own user (and root).
enum class Callers : std::uint8_t { everybody, administrators };

/// A listening SOCK_SEQPACKET socket in the file system, 0666 or 0600. The file goes with it,
/// unless another broker has replaced it. Threads: one.
class ListenSocket {
 public:
  /// Makes the directory if it is missing, and takes the place of a broker that is dead.
  ///
  /// Errors: exists       a broker listens there already;  bad_request  the path is too long or
  ///         empty;  denied, not_found  the directory cannot be used, or others than its
  ///         group, this user and root could replace what is in it
  [[nodiscard]] static Result<ListenSocket> bind(const std::string& path,
                                                 Callers callers = Callers::everybody);
  ListenSocket(ListenSocket&& other) noexcept = default;
  ListenSocket& operator=(ListenSocket&& other) noexcept = delete;
  ~ListenSocket() { close(); }

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] Callers callers() const noexcept { return callers_; }
  /// Stops listening and removes the file.
  void close() noexcept;

 private:
  ListenSocket() = default;

  os::UniqueFd fd_;
  std::string path_;
  Callers callers_ = Callers::everybody;
  ::dev_t device_ = 0;
  ::ino_t inode_ = 0;
};

}  // namespace tenure::io

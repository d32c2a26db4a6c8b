// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/lib/client_state.hpp"
#include "proto/os/mapping.hpp"
#include "proto/os/unique_fd.hpp"
#include "proto/wire/messages.hpp"

namespace tenure::test {

/// A holder that does not play by the library's rules: it claims a ticket, attaches, and keeps the
/// file descriptors of the grains. Throws Failure. Threads: one.
class RawHolder {
 public:
  explicit RawHolder(const std::string& socket);

  void claim(const std::string& ticket);
  void attach();
  /// The first grain, as it was granted.
  [[nodiscard]] int fd() const { return fds_.at(0).get(); }
  [[nodiscard]] ::ino_t inode() const;
  [[nodiscard]] const wire::Attached& attached() const noexcept { return attached_; }
  /// The first piece, mapped as the fd allows.
  [[nodiscard]] os::Mapping mapped() const;
  void map() { map_ = mapped(); }
  [[nodiscard]] std::byte* data() const noexcept { return map_.data(); }
  void let_go();
  /// Errors: the broker's
  [[nodiscard]] Result<void> detach();
  [[nodiscard]] Result<void> release();
  /// Hangs up, and keeps its memory.
  void hang_up() {
    session_.reset();
    client_.reset();
  }

 private:
  std::shared_ptr<detail::ClientState> client_;
  std::shared_ptr<detail::Session> session_;
  std::uint64_t token_ = 0;
  wire::Attached attached_;
  std::vector<os::UniqueFd> fds_;
  os::Mapping map_;
};

}  // namespace tenure::test

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <boost/interprocess/mapped_region.hpp>

#include <tenure/result.hpp>

namespace tenure::os {

enum class Protection : std::uint8_t { read, read_write };

/// What an mmap that ended in this errno is to its caller: no_memory, denied or bad_request.
[[nodiscard]] Error map_error(int error);

/// A shared mapping of a memfd, by Boost.Interprocess. Unmapped when destroyed.
///
/// Never in core dumps (MADV_DONTDUMP). A writable one is not inherited by a forked child
/// (MADV_DONTFORK): the child must not go on writing. Threads: a value; the bytes are shared.
class Mapping {
 public:
  Mapping() = default;

  /// Maps `length_bytes` from `offset_bytes` on; 2 MiB and more at a 2 MiB-aligned address, so that
  /// huge pages map as such. The fd may be closed afterwards.
  ///
  /// Errors: no_memory  no address space;  denied  the fd does not allow it;  bad_request  others
  [[nodiscard]] static Result<Mapping> map(int fd,
                                           std::uint64_t offset_bytes,
                                           std::uint64_t length_bytes,
                                           Protection protection);
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping() = default;

  [[nodiscard]] std::byte* data() const noexcept {
    return static_cast<std::byte*>(region_.get_address());
  }
  [[nodiscard]] std::size_t size_bytes() const noexcept { return region_.get_size(); }
  [[nodiscard]] explicit operator bool() const noexcept { return region_.get_size() != 0; }

 private:
  explicit Mapping(boost::interprocess::mapped_region region) noexcept;
  boost::interprocess::mapped_region region_;
};

}  // namespace tenure::os

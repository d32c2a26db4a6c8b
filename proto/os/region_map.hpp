// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <tenure/result.hpp>

#include "proto/os/mapping.hpp"

namespace tenure::os {

/// A contiguous range of addresses whose pages are mapped, dropped and mapped again piece by piece;
/// what is not mapped ends in SIGSEGV. Nothing of it is in core dumps; writable pieces are not
/// inherited by a forked child. Threads: one at a time.
class RegionMap {
 public:
  RegionMap() = default;
  /// `length_bytes`, whole pages, at an address that lies to a 2 MiB boundary as `begin_bytes`
  /// does: so that huge pages map as such. Errors: no_memory
  [[nodiscard]] static Result<RegionMap> reserve(std::uint64_t begin_bytes,
                                                 std::uint64_t length_bytes);
  RegionMap(RegionMap&& other) noexcept;
  RegionMap& operator=(RegionMap&& other) noexcept;
  ~RegionMap();

  /// Where a piece goes: in whole pages, within the range.
  struct Place {
    std::uint64_t offset_bytes;
    std::uint64_t length_bytes;
  };
  /// Errors: no_memory, denied, bad_request  the pages are as they were
  [[nodiscard]] Result<void> map(const Place& place,
                                 int fd,
                                 std::uint64_t fd_offset_bytes,
                                 Protection protection);
  /// Errors: no_memory  too many maps; the pages are as they were
  [[nodiscard]] Result<void> drop(const Place& place);
  /// Forgets the range without unmapping it: in a forked child.
  void abandon() noexcept;

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  [[nodiscard]] explicit operator bool() const noexcept { return data_ != nullptr; }

 private:
  std::byte* data_ = nullptr;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace tenure::os

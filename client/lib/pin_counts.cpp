// SPDX-License-Identifier: Apache-2.0
#include "client/lib/pin_counts.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "client/lib/device.hpp"
#include "client/lib/memlock.hpp"

namespace tenure::detail {
namespace {

Result<void> lock_in_memory(const HostRange& range) {
  if (::mlock(range.data, range.size_bytes) == 0) {
    return {};
  }
  const int error = errno;
  ::munlock(range.data, range.size_bytes);  // It may have got as far as marking the range.
  return memlock_error(
      "mlock of " + std::to_string(range.size_bytes) + " bytes: " + ::strerrordesc_np(error),
      error);
}

}  // namespace

Result<void> PinCounts::add(const HostRange& range, PinTo to) {
  const std::scoped_lock lock(mutex_);
  std::uint32_t& count = counts_[static_cast<std::size_t>(to)];
  if (count == 0) {
    auto pinned = to == PinTo::cuda ? register_with_device(range) : lock_in_memory(range);
    if (!pinned) {
      return pinned;
    }
  }
  ++count;
  return {};
}

void PinCounts::remove(const HostRange& range, PinTo to) noexcept {
  const std::scoped_lock lock(mutex_);
  if (--counts_[static_cast<std::size_t>(to)] != 0) {
    return;
  }
  if (to == PinTo::cuda) {
    unregister_with_device(range);
  } else {
    ::munlock(range.data, range.size_bytes);
  }
}

}  // namespace tenure::detail

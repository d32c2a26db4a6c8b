// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <tenure/topic.hpp>

#include "client/lib/bundle_access.hpp"
#include "client/lib/snapshot_buffer.hpp"

namespace tenure {

Snapshot::Snapshot() noexcept = default;

Snapshot::Snapshot(Snapshot&& other) noexcept
    : Bundle(other), buffer_(std::move(other.buffer_)), version_(std::exchange(other.version_, 0)) {
  detail::BundleAccess::clear(other);
}

Snapshot& Snapshot::operator=(Snapshot&& other) noexcept {
  Snapshot moved(std::move(other));
  detail::BundleAccess::swap(*this, moved);
  std::swap(buffer_, moved.buffer_);
  std::swap(version_, moved.version_);
  return *this;
}

Snapshot::~Snapshot() = default;

std::uint64_t Snapshot::version() const noexcept {
  return version_;
}

}  // namespace tenure

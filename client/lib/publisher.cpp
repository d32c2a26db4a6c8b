// SPDX-License-Identifier: Apache-2.0
#include <tenure/topic.hpp>

#include "client/lib/publisher_state.hpp"

namespace tenure {

Publisher::Publisher(detail::PublisherState* state) noexcept : Role(state) {
}
Publisher::Publisher(Publisher&& other) noexcept = default;
Publisher& Publisher::operator=(Publisher&& other) noexcept = default;
Publisher::~Publisher() = default;

detail::PublisherState* Publisher::state() const noexcept {
  return static_cast<detail::PublisherState*>(state_);
}

Result<Draft> Publisher::draft(Timeout timeout) {
  return state_ == nullptr ? empty_handle() : state()->draft(timeout);
}

Result<std::uint64_t> Publisher::publish(Draft&& draft) {
  return state_ == nullptr ? empty_handle() : state()->publish(draft);
}

Result<std::uint64_t> Publisher::publish(Tensors tensors, Note note, Timeout timeout) {
  return state_ == nullptr ? empty_handle() : state()->publish(tensors, note, timeout);
}

Result<void> Publisher::wait_for_subscribers(std::size_t count, Timeout timeout) {
  return state_ == nullptr ? empty_handle() : state()->wait_for_subscribers(count, timeout);
}

}  // namespace tenure

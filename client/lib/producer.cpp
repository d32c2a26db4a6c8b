// SPDX-License-Identifier: Apache-2.0
#include <tenure/queue.hpp>

#include "client/lib/producer_state.hpp"

namespace tenure {

Producer::Producer(detail::ProducerState* state) noexcept : Role(state) {
}
Producer::Producer(Producer&& other) noexcept = default;
Producer& Producer::operator=(Producer&& other) noexcept = default;
Producer::~Producer() = default;

detail::ProducerState* Producer::state() const noexcept {
  return static_cast<detail::ProducerState*>(state_);
}

Result<Draft> Producer::draft(Timeout timeout) {
  return state_ == nullptr ? empty_handle() : state()->draft(timeout);
}

Result<void> Producer::push(Draft&& draft) {
  return state_ == nullptr ? empty_handle() : state()->push(draft);
}

Result<void> Producer::push(Tensors tensors, Note note, Timeout timeout) {
  return state_ == nullptr ? empty_handle() : state()->push(tensors, note, timeout);
}

Result<void> Producer::finish() {
  return state_ == nullptr ? empty_handle() : state()->finish();
}

}  // namespace tenure

// SPDX-License-Identifier: Apache-2.0
#include <tenure/queue.hpp>

#include "client/lib/consumer_state.hpp"

namespace tenure {

Consumer::Consumer(detail::ConsumerState* state) noexcept : Role(state) {
}
Consumer::Consumer(Consumer&& other) noexcept = default;
Consumer& Consumer::operator=(Consumer&& other) noexcept = default;
Consumer::~Consumer() = default;

detail::ConsumerState* Consumer::state() const noexcept {
  return static_cast<detail::ConsumerState*>(state_);
}

Result<Item> Consumer::pop(Timeout timeout) {
  return state_ == nullptr ? empty_handle() : state()->pop(timeout);
}

Result<std::vector<Item>> Consumer::pop_many(std::size_t at_most, Timeout timeout) {
  return state_ == nullptr ? empty_handle() : state()->pop_many(at_most, timeout);
}

}  // namespace tenure

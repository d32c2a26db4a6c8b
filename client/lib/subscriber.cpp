// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <tenure/topic.hpp>

#include "client/lib/subscriber_state.hpp"

namespace tenure {

Subscriber::Subscriber(detail::SubscriberState* state) noexcept : Role(state) {
}
Subscriber::Subscriber(Subscriber&& other) noexcept = default;
Subscriber& Subscriber::operator=(Subscriber&& other) noexcept = default;
Subscriber::~Subscriber() = default;

detail::SubscriberState* Subscriber::state() const noexcept {
  return static_cast<detail::SubscriberState*>(state_);
}

Result<View> Subscriber::latest() {
  return state_ == nullptr ? empty_handle() : state()->latest();
}

Result<View> Subscriber::next(Timeout timeout) {
  return state_ == nullptr ? empty_handle() : state()->next(timeout);
}

Result<Snapshot> Subscriber::snapshot(Snapshot&& reuse) {
  return state_ == nullptr ? empty_handle() : state()->snapshot(std::move(reuse));
}

}  // namespace tenure

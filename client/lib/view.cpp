// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include <tenure/topic.hpp>

#include "client/lib/bundle_access.hpp"
#include "client/lib/fork_guard.hpp"
#include "client/lib/subscriber_state.hpp"

namespace tenure {

View::View(View&& other) noexcept
    : Bundle(other),
      state_(std::exchange(other.state_, nullptr)),
      version_(other.version_),
      missed_(other.missed_),
      number_(other.number_),
      slot_(other.slot_) {
  detail::BundleAccess::clear(other);
}

View& View::operator=(View&& other) noexcept {
  View moved(std::move(other));
  detail::BundleAccess::swap(*this, moved);
  std::swap(state_, moved.state_);
  std::swap(version_, moved.version_);
  std::swap(missed_, moved.missed_);
  std::swap(number_, moved.number_);
  std::swap(slot_, moved.slot_);
  return *this;
}

View::~View() {
  if (state_ != nullptr && !detail::is_forked(state_->generation())) {
    state_->let_go({.slot = slot_, .version = version_, .view = number_});
  }
}

std::uint64_t View::version() const noexcept {
  return version_;
}
std::uint64_t View::missed() const noexcept {
  return missed_;
}

Result<void> View::release() {
  if (state_ == nullptr) {
    return Error{.code = Errc::stale, .detail = "an empty view: released or moved from"};
  }
  if (detail::is_forked(state_->generation())) {
    return detail::forked_error();
  }
  const auto released = state_->release({.slot = slot_, .version = version_, .view = number_});
  if (released == detail::Released::still_exported) {
    return Error{.code = Errc::held,
                 .detail = "a tensor exported from v" + std::to_string(version_) + " is alive",
                 .hint = "delete it first; or destroy the view, and it keeps the slot"};
  }
  detail::BundleAccess::clear(*this);
  state_ = nullptr;
  return released == detail::Released::intact ? Result<void>() : Error{.code = Errc::torn};
}

}  // namespace tenure

// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include <tenure/bundle.hpp>

#include "client/lib/fork_guard.hpp"
#include "client/lib/writer_state.hpp"

namespace tenure {

Draft::Draft(Draft&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)),
      filling_(std::exchange(other.filling_, nullptr)) {
}

Draft& Draft::operator=(Draft&& other) noexcept {
  Draft moved(std::move(other));
  std::swap(state_, moved.state_);
  std::swap(filling_, moved.filling_);
  return *this;
}

Draft::~Draft() {
  if (state_ != nullptr && !detail::is_forked(state_->generation())) {
    state_->drop(*filling_);
  }
}

Result<void> Draft::check() const {
  if (state_ == nullptr) {
    return Error{.code = Errc::stale, .detail = "an empty draft: published or moved from"};
  }
  return detail::is_forked(state_->generation()) ? detail::forked_error() : Result<void>();
}

Result<TensorSpan> Draft::tensor(std::string_view name) {
  if (auto usable = check(); !usable) {
    return std::move(usable).error();
  }
  return state_->tensor(*filling_, name, std::nullopt, nullptr);
}

Result<TensorSpan> Draft::tensor(std::string_view name, const Shape& shape) {
  if (auto usable = check(); !usable) {
    return std::move(usable).error();
  }
  return state_->tensor(*filling_, name, std::nullopt, &shape);
}

Result<TensorSpan> Draft::tensor(std::string_view name, DType dtype, const Shape& shape) {
  if (auto usable = check(); !usable) {
    return std::move(usable).error();
  }
  return state_->tensor(*filling_, name, dtype, &shape);
}

Result<void> Draft::set_note(Note note) {
  if (auto usable = check(); !usable) {
    return usable;
  }
  return state_->set_note(*filling_, note);
}

}  // namespace tenure

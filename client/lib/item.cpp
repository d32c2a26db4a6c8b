// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include <tenure/queue.hpp>

#include "client/lib/bundle_access.hpp"
#include "client/lib/consumer_state.hpp"
#include "client/lib/fork_guard.hpp"
#include "proto/layout/queue_word.hpp"

namespace tenure {

using Ending = detail::ConsumerState::Ending;

Item::Item(Item&& other) noexcept
    : Bundle(other),
      state_(std::exchange(other.state_, nullptr)),
      word_(other.word_),
      slot_(other.slot_) {
  detail::BundleAccess::clear(other);
}

Item& Item::operator=(Item&& other) noexcept {
  Item moved(std::move(other));
  detail::BundleAccess::swap(*this, moved);
  std::swap(state_, moved.state_);
  std::swap(word_, moved.word_);
  std::swap(slot_, moved.slot_);
  return *this;
}

Item::~Item() {
  if (state_ != nullptr && !detail::is_forked(state_->generation())) {
    state_->give_up(*this);
  }
}

std::uint32_t Item::deliveries() const noexcept {
  return layout::QueueWord::unpack(word_).deliveries;
}

bool Item::poisoned() const noexcept {
  return layout::QueueWord::unpack(word_).phase == layout::QueuePhase::examined_poisoned;
}

Result<void> Item::check() const {
  if (state_ == nullptr) {
    return Error{.code = Errc::stale, .detail = "an empty item: ended or moved from"};
  }
  return detail::is_forked(state_->generation()) ? detail::forked_error() : Result<void>();
}

Result<TensorSpan> Item::writable(std::string_view name) {
  auto usable = check();
  return usable ? state_->writable(*this, name, std::nullopt, nullptr) : std::move(usable).error();
}

Result<TensorSpan> Item::writable(std::string_view name, const Shape& shape) {
  auto usable = check();
  return usable ? state_->writable(*this, name, std::nullopt, &shape) : std::move(usable).error();
}

Result<TensorSpan> Item::writable(std::string_view name, DType dtype, const Shape& shape) {
  auto usable = check();
  return usable ? state_->writable(*this, name, dtype, &shape) : std::move(usable).error();
}

Result<void> Item::ack() {
  auto usable = check();
  return usable ? state_->end(*this, Ending::ack) : std::move(usable);
}

Result<void> Item::nack() {
  auto usable = check();
  return usable ? state_->end(*this, Ending::nack) : std::move(usable);
}

Result<void> Item::park() {
  auto usable = check();
  return usable ? state_->end(*this, Ending::park) : std::move(usable);
}

Result<void> Item::pass_on() {
  auto usable = check();
  return usable ? state_->pass_on(*this, std::nullopt) : std::move(usable);
}

Result<void> Item::pass_on(std::size_t lane) {
  auto usable = check();
  return usable ? state_->pass_on(*this, lane) : std::move(usable);
}

}  // namespace tenure

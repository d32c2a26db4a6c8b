// SPDX-License-Identifier: Apache-2.0
#include <tenure/buffer.hpp>

#include <utility>

#include "client/lib/buffer_state.hpp"
#include "client/lib/pending_state.hpp"

namespace tenure {
namespace {

Error empty_buffer() {
  return {.code = Errc::stale, .detail = "an empty buffer: moved from"};
}

// Errors: stale, forked
Result<void> check(const std::shared_ptr<detail::BufferState>& state) {
  return state == nullptr ? empty_buffer() : state->check_usable();
}

template <class T>
Result<std::vector<T>> lend_all(const std::shared_ptr<detail::BufferState>& state,
                                std::span<const Region> regions,
                                const TokenOptions& options) {
  if (auto usable = check(state); !usable) {
    return std::move(usable).error();
  }
  auto lent = detail::lend(*state->session(), state->place(), detail::kModeOf<T>, regions, options);
  if (!lent) {
    return std::move(lent).error();
  }
  return detail::TokenAccess::make_all<T>(state->session(), *std::move(lent));
}

template <class T>
Result<T> lend_one(const std::shared_ptr<detail::BufferState>& state,
                   const Region& region,
                   const TokenOptions& options) {
  return detail::TokenAccess::only(lend_all<T>(state, {&region, 1}, options));
}

// One that does not wait for a limited time waits for as long as it takes.
template <class T>
Pending<T> lend_later(const std::shared_ptr<detail::BufferState>& state,
                      const Region& region,
                      TokenOptions options) {
  if (auto usable = check(state); !usable) {
    return detail::TokenAccess::pending<T>(
        std::make_unique<detail::PendingState>(std::move(usable).error()));
  }
  options.timeout = options.timeout.waits() ? options.timeout : kForever;
  return detail::TokenAccess::pending<T>(detail::PendingState::begin(
      state->session(),
      state->place(),
      detail::lend_request(state->place(), detail::kModeOf<T>, {&region, 1}, options)));
}

}  // namespace

Buffer::Buffer(std::shared_ptr<detail::BufferState> state) noexcept : state_(std::move(state)) {
}
Buffer::Buffer(Buffer&& other) noexcept = default;
Buffer& Buffer::operator=(Buffer&& other) noexcept = default;
Buffer::~Buffer() = default;

Result<Borrow> Buffer::root() {
  if (auto usable = check(state_); !usable) {
    return std::move(usable).error();
  }
  auto granted = state_->root();
  if (!granted) {
    return std::move(granted).error();
  }
  return detail::TokenAccess::make<Borrow>(state_->session(), *std::move(granted));
}

std::uint64_t Buffer::size_bytes() const noexcept {
  return state_ == nullptr ? 0 : state_->opened().size_bytes;
}
std::uint64_t Buffer::grain_bytes() const noexcept {
  return state_ == nullptr ? 0 : state_->opened().grain_bytes;
}
std::uint64_t Buffer::page_bytes() const noexcept {
  return state_ == nullptr ? 0 : state_->opened().page_bytes;
}
std::span<const FixedTensor> Buffer::schema() const noexcept {
  return state_ == nullptr ? std::span<const FixedTensor>() : state_->opened().schema;
}

Result<Region> Buffer::region(std::string_view tensor) const {
  return state_ == nullptr ? empty_buffer() : state_->region(tensor);
}

Result<Borrow> Buffer::borrow(Region region, TokenOptions options) {
  return lend_one<Borrow>(state_, region, options);
}
Result<Freeze> Buffer::freeze(Region region, TokenOptions options) {
  return lend_one<Freeze>(state_, region, options);
}
Result<std::vector<Borrow>> Buffer::borrow_all(std::span<const Region> regions,
                                               TokenOptions options) {
  return lend_all<Borrow>(state_, regions, options);
}
Result<std::vector<Freeze>> Buffer::freeze_all(std::span<const Region> regions,
                                               TokenOptions options) {
  return lend_all<Freeze>(state_, regions, options);
}
Pending<Borrow> Buffer::borrow_later(Region region, TokenOptions options) {
  return lend_later<Borrow>(state_, region, options);
}
Pending<Freeze> Buffer::freeze_later(Region region, TokenOptions options) {
  return lend_later<Freeze>(state_, region, options);
}

Result<void> Buffer::wait_returned(Timeout timeout) {
  if (auto usable = check(state_); !usable) {
    return usable;
  }
  return state_->wait_returned(timeout);
}

Result<void> Buffer::reopen(Timeout timeout) {
  if (state_ == nullptr) {
    return empty_buffer();
  }
  auto again = state_->reopened(timeout);
  if (!again) {
    return std::move(again).error();
  }
  state_ = *std::move(again);
  return {};
}

}  // namespace tenure

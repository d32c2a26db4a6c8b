// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "client/lib/pending_state.hpp"

namespace tenure {
namespace detail {

std::unique_ptr<PendingState> PendingState::begin(std::shared_ptr<Session> session,
                                                  LendingPlace place,
                                                  Result<wire::Lend> request) {
  if (!request) {
    return std::make_unique<PendingState>(std::move(request).error());
  }
  auto pending =
      std::make_unique<PendingState>(std::move(session), std::move(place), *std::move(request));
  if (auto sent = pending->session_->begin(pending->later_, pending->request_); !sent) {
    return std::make_unique<PendingState>(std::move(sent).error());
  }
  return pending;
}

PendingState::~PendingState() {
  if (session_ != nullptr && !is_given_ && !is_forked(generation_)) {
    session_->drop(later_);
  }
}

bool PendingState::is_ready() {
  return session_ == nullptr || is_given_ || is_forked(generation_) || session_->is_done(later_);
}

Result<GrantedToken> PendingState::get() {
  if (is_forked(generation_)) {
    return forked_error();
  }
  if (is_given_) {
    return Error{.code = Errc::stale, .detail = "its answer was given before"};
  }
  if (session_ == nullptr) {
    is_given_ = true;
    return *std::move(refusal_);
  }
  auto answer = session_->finish(later_);
  is_given_ = later_.is_over;
  if (!answer) {
    return std::move(answer).error();
  }
  auto granted = take_lent(*answer, place_, request_);
  if (!granted) {
    return std::move(granted).error();
  }
  return std::move(granted->front());
}

void PendingState::cancel() noexcept {
  if (session_ != nullptr && !is_given_ && !is_forked(generation_)) {
    session_->cancel(later_);
  }
}

}  // namespace detail

template <class T>
Pending<T>::Pending(std::unique_ptr<detail::PendingState> state) noexcept
    : state_(std::move(state)) {
}
template <class T>
Pending<T>::Pending(Pending&& other) noexcept = default;
template <class T>
Pending<T>& Pending<T>::operator=(Pending&& other) noexcept = default;
template <class T>
Pending<T>::~Pending() = default;

template <class T>
bool Pending<T>::ready() const {
  return state_ == nullptr || state_->is_ready();
}

template <class T>
Result<T> Pending<T>::get() {
  if (state_ == nullptr) {
    return Error{.code = Errc::stale, .detail = "an empty handle: moved from"};
  }
  auto granted = state_->get();
  if (!granted) {
    return std::move(granted).error();
  }
  return detail::TokenAccess::make<T>(state_->session(), *std::move(granted));
}

template <class T>
void Pending<T>::cancel() noexcept {
  if (state_ != nullptr) {
    state_->cancel();
  }
}

template class Pending<Borrow>;
template class Pending<Freeze>;

}  // namespace tenure

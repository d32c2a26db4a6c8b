// SPDX-License-Identifier: Apache-2.0
// How views, and the tensors exported from them, hold slots and let them go.
#include <algorithm>
#include <memory>
#include <mutex>

#include "client/lib/subscriber_state.hpp"

namespace tenure::detail {
namespace {

// What an exported tensor of a view keeps. In a forked child it lets nothing go: the lock may be
// held by a thread that does not exist there, and the slot is the parent's to hold.
class ViewExport {
 public:
  ViewExport(SubscriberState& state, const ViewHold& hold) : state_(state), hold_(hold) {
    state_.begin_export(hold_);
  }
  ViewExport(const ViewExport&) = delete;
  ViewExport& operator=(const ViewExport&) = delete;
  ~ViewExport() {
    if (!is_forked(state_.generation())) {
      state_.end_export(hold_);
    }
  }

 private:
  SubscriberState& state_;
  const ViewHold hold_;
};

}  // namespace

// With lock_ locked, which it unlocks. Returns whether the bundle was left alone.
bool SubscriberState::end_hold(const ViewHold& hold) noexcept {
  const bool is_intact = reader_.let_go(hold.slot, hold.version);
  const bool is_last = --owners_ == 0;
  lock_.unlock();
  if (is_last) {
    delete this;
  }
  return is_intact;
}

void SubscriberState::let_go(const ViewHold& hold) noexcept {
  lock_.lock();
  end_hold(hold);
}

Released SubscriberState::release(const ViewHold& hold) noexcept {
  lock_.lock();
  if (std::ranges::find(exports_, hold.view) != exports_.end()) {
    lock_.unlock();
    return Released::still_exported;
  }
  return end_hold(hold) ? Released::intact : Released::torn;
}

void SubscriberState::begin_export(const ViewHold& hold) {
  const std::scoped_lock lock(lock_);
  exports_.push_back(hold.view);
  reader_.hold_again(hold.slot);
  ++owners_;
}

void SubscriberState::end_export(const ViewHold& hold) noexcept {
  lock_.lock();
  exports_.erase(std::ranges::find(exports_, hold.view));
  end_hold(hold);
}

std::shared_ptr<const void> SubscriberState::keep_view(const Bundle& bundle) {
  const auto& view = static_cast<const View&>(bundle);
  return std::make_shared<ViewExport>(
      *view.state_, ViewHold{.slot = view.slot_, .version = view.version_, .view = view.number_});
}

std::shared_ptr<const void> SubscriberState::keep_snapshot(const Bundle& bundle) {
  return SnapshotBuffer::keep(static_cast<const Snapshot&>(bundle).buffer_);
}

}  // namespace tenure::detail

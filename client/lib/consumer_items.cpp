// SPDX-License-Identifier: Apache-2.0
// What becomes of items, and of the tensors exported from them.
#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "client/lib/bundle_access.hpp"
#include "client/lib/consumer_state.hpp"
#include "client/lib/descriptor.hpp"
#include "client/lib/queue_errors.hpp"

namespace tenure::detail {
namespace {

// What an exported tensor of an item keeps. In a forked child it lets nothing go: the lock may be
// held by a thread that does not exist there, and the slot is the parent's.
class ItemExport {
 public:
  ItemExport(ConsumerState& state, std::uint32_t slot) : state_(state), slot_(slot) {
    state_.begin_export(slot_);
  }
  ItemExport(const ItemExport&) = delete;
  ItemExport& operator=(const ItemExport&) = delete;
  ~ItemExport() {
    if (!is_forked(state_.generation())) {
      state_.end_export(slot_);
    }
  }

 private:
  ConsumerState& state_;
  const std::uint32_t slot_;
};

Error parked_error(const char* what) {
  return {.code = Errc::unsupported,
          .detail = std::string(what) + ": a parked bundle",
          .hint = "nack() delivers it again in its lane, ack() drops it"};
}

}  // namespace

bool ConsumerState::is_exported(std::uint32_t slot) const noexcept {
  return std::ranges::find(exports_, slot) != exports_.end();
}

Result<void> ConsumerState::check_not_exported(const Item& item) {
  const std::scoped_lock lock(lock_);
  if (!is_exported(item.slot_)) {
    return {};
  }
  return Error{.code = Errc::held,
               .detail = "a tensor exported from this item is alive",
               .hint = "delete it first; or destroy the item, and it is given up later"};
}

// The item's slot has been moved on, unless the outcome says that it was refused.
Result<void> ConsumerState::settle(Item& item, sync::Outcome outcome) {
  if (outcome == sync::Outcome::finished) {
    return queue_error(name_, outcome);
  }
  BundleAccess::clear(item);
  item.state_ = nullptr;
  auto result =
      outcome == sync::Outcome::done ? Result<void>() : Result<void>(queue_error(name_, outcome));
  drop_owner();
  return result;
}

Result<void> ConsumerState::end(Item& item, Ending ending) {
  if (auto checked = check_not_exported(item); !checked) {
    return checked;
  }
  const sync::Held held{.slot = item.slot_, .word = layout::QueueWord::unpack(item.word_)};
  switch (ending) {
    case Ending::ack:
      return settle(item, consumer_.ack(held));
    case Ending::park:
      return settle(item, consumer_.park(held));
    case Ending::nack:
      break;
  }
  if (item.poisoned()) {
    return Error{.code = Errc::poisoned,
                 .detail = "whoever changed this bundle died half-way",
                 .hint = "ack() drops it, park() keeps it"};
  }
  return settle(item, consumer_.nack(held));
}

Result<void> ConsumerState::pass_on(Item& item, std::optional<std::size_t> lane) {
  if (is_of_parked()) {
    return parked_error("pass_on()");
  }
  const std::size_t to = lane.value_or(lane_ + 1);
  const std::size_t lanes = queue_->opened().lanes;
  if (to <= lane_ || to >= lanes) {
    return Error{
        .code = Errc::bad_request,
        .detail = "lane: " + std::to_string(to) + "; lane " + std::to_string(lane_) +
                  (lane_ + 1 == lanes ? " is the last of " : " passes on to later ones of ") +
                  std::to_string(lanes)};
  }
  if (auto checked = check_not_exported(item); !checked) {
    return checked;
  }
  const sync::Outcome outcome =
      consumer_.pass_on({.slot = item.slot_, .word = layout::QueueWord::unpack(item.word_)}, to);
  queue_->wake_droppers();
  return settle(item, outcome);
}

Result<std::size_t> ConsumerState::find_writable(std::string_view name) const {
  if (is_of_parked()) {
    return parked_error("writable()");
  }
  if (queue_->opened().consume == Consume::read) {
    return Error{.code = Errc::unsupported,
                 .detail = name_ + ": its consumers only read",
                 .hint = "create the queue with Consume::in_place or repeatable"};
  }
  const auto index = memory_->schema()->find(name);
  return index ? Result<std::size_t>(*index) : no_such_tensor(name);
}

// What a tensor is now, in `now`; absent, `now` is empty.
Result<void> ConsumerState::open_now(const Item& item, std::size_t index, TensorView& now) const {
  OpenedTensor tensor{.view = now};
  auto opened = open_tensor(
      *memory_->schema(), index, memory_->slot(item.slot_), memory_->slot_stride_bytes(), tensor);
  if (opened && !tensor.range.is_present) {
    now = TensorView();
  }
  return opened;
}

Result<TensorSpan> ConsumerState::writable(Item& item,
                                           std::string_view name,
                                           std::optional<DType> dtype,
                                           const Shape* shape) {
  const auto index = find_writable(name);
  if (!index) {
    return index.error();
  }
  const BundleSchema& schema = *memory_->schema();
  const TensorSpec& spec = schema.tensors[*index];
  TensorView now;
  if (shape == nullptr) {
    if (auto opened = open_now(item, *index, now); !opened) {
      return std::move(opened).error();
    }
  }
  const Form form = now.data() != nullptr
                        ? Form{.dtype = now.dtype(), .extents = now.shape()}
                        : Form{.dtype = dtype.value_or(spec.dtype),
                               .extents = (shape == nullptr ? spec.shape : *shape).extents()};
  Result<TensorSpan> result{TensorSpan()};  // Filled where it stands.
  if (auto placed = place_tensor(schema, *index, form, memory_->slot(item.slot_), *result);
      !placed) {
    return std::move(placed).error();
  }
  mark_changing(item);
  write_descriptor(schema, *index, *result, memory_->slot(item.slot_));
  return result;
}

// Before anything of it is written.
void ConsumerState::mark_changing(Item& item) noexcept {
  sync::Held held{.slot = item.slot_, .word = layout::QueueWord::unpack(item.word_)};
  if (held.word.phase != layout::QueuePhase::changing) {
    consumer_.mark_changing(held);
    item.word_ = held.word.pack();
  }
}

void ConsumerState::give_up(const Item& item) noexcept {
  const sync::Held held{.slot = item.slot_, .word = layout::QueueWord::unpack(item.word_)};
  lock_.lock();
  const bool is_still_exported = is_exported(held.slot);
  if (is_still_exported) {
    given_up_.push_back(held);  // There is room: begin_export().
  }
  lock_.unlock();
  if (!is_still_exported) {
    static_cast<void>(consumer_.give_up(held));  // Corrupt: it is lost all the same.
  }
  drop_owner();
}

void ConsumerState::begin_export(std::uint32_t slot) {
  const std::scoped_lock lock(lock_);
  given_up_.reserve(exports_.size() + 1);
  exports_.push_back(slot);
  ++owners_;
}

void ConsumerState::end_export(std::uint32_t slot) noexcept {
  std::optional<sync::Held> last;
  lock_.lock();
  exports_.erase(std::ranges::find(exports_, slot));
  if (!is_exported(slot)) {
    const auto found = std::ranges::find(given_up_, slot, &sync::Held::slot);
    if (found != given_up_.end()) {
      last = *found;
      given_up_.erase(found);
    }
  }
  lock_.unlock();
  if (last) {
    static_cast<void>(consumer_.give_up(*last));
  }
  drop_owner();
}

std::shared_ptr<const void> ConsumerState::keep_item(const Bundle& bundle) {
  const auto& item = static_cast<const Item&>(bundle);
  return std::make_shared<ItemExport>(*item.state_, item.slot_);
}

}  // namespace tenure::detail

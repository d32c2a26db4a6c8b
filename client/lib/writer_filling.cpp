// SPDX-License-Identifier: Apache-2.0
// What goes into a claimed slot besides the tensors' own bytes: descriptors, note and record.
// Nobody reads it before the commit.
#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>

#include "client/lib/writer_state.hpp"

namespace tenure::detail {

WriterState::WriterState(std::shared_ptr<ClientState> client,
                         std::string name,
                         std::shared_ptr<RoleMemory> memory,
                         std::size_t drafts_at_once)
    : RoleState(std::move(client), std::move(name), std::move(memory)) {
  for (std::size_t i = 0; i < drafts_at_once; ++i) {
    idle_.push_back(&add_filling());
  }
}

Filling& WriterState::add_filling() {
  fillings_.push_back(std::make_unique<Filling>());
  idle_.reserve(fillings_.size());
  Filling& added = *fillings_.back();
  added.tensor_bytes.resize(memory_->schema()->tensors.size());
  return added;
}

Draft WriterState::begin_draft(std::uint32_t slot, std::uint64_t word) {
  Draft draft;
  {
    const std::scoped_lock lock(lock_);
    if (idle_.empty()) {
      draft.filling_ = &add_filling();
    } else {
      draft.filling_ = idle_.back();
      idle_.pop_back();
    }
    ++owners_;
  }
  Filling& filling = *draft.filling_;
  filling.slot = slot;
  filling.word = word;
  std::ranges::fill(filling.tensor_bytes, Filling::kAbsent);
  filling.tag = 0;
  filling.attribute_bytes = 0;
  draft.state_ = this;
  return draft;
}

void WriterState::end_draft(Draft& draft) noexcept {
  idle_.push_back(std::exchange(draft.filling_, nullptr));  // There is room: add_filling().
  --owners_;
  draft.state_ = nullptr;
}

Filling* WriterState::filling_of(const Draft& draft) const noexcept {
  return draft.state_ == this ? draft.filling_ : nullptr;
}

void WriterState::drop(Filling& filling) noexcept {
  give_back(filling);
  {
    const std::scoped_lock lock(lock_);
    idle_.push_back(&filling);
  }
  drop_owner();
}

Result<TensorSpan> WriterState::tensor(Filling& filling,
                                       std::string_view name,
                                       std::optional<DType> dtype,
                                       const Shape* shape) {
  const BundleSchema& schema = *memory_->schema();
  const auto index = schema.find(name);
  if (!index) {
    return no_such_tensor(name);
  }
  const TensorSpec& spec = schema.tensors[*index];
  Result<TensorSpan> result{TensorSpan()};  // Filled where it stands.
  if (auto placed = place_tensor(schema,
                                 *index,
                                 {.dtype = dtype.value_or(spec.dtype),
                                  .extents = (shape == nullptr ? spec.shape : *shape).extents()},
                                 memory_->slot(filling.slot),
                                 *result);
      !placed) {
    result = std::move(placed).error();
  } else {
    describe_tensor(filling, *index, *result);
  }
  return result;
}

void WriterState::describe_tensor(Filling& filling,
                                  std::size_t index,
                                  const TensorSpan& tensor) noexcept {
  write_descriptor(*memory_->schema(), index, tensor, memory_->slot(filling.slot));
  filling.tensor_bytes[index] = tensor.size_bytes();
}

Result<void> WriterState::check_note(const Note& note) const {
  const std::size_t room = memory_->schema()->attribute_bytes;
  if (note.attributes.size() > room) {
    return Error{.code = Errc::bad_request,
                 .detail = name_ + ": " + std::to_string(note.attributes.size()) +
                           " attribute bytes; there is room for " + std::to_string(room)};
  }
  return {};
}

Result<void> WriterState::set_note(Filling& filling, const Note& note) {
  if (auto checked = check_note(note); !checked) {
    return checked;
  }
  filling.tag = note.tag;
  filling.attribute_bytes = static_cast<std::uint32_t>(note.attributes.size());
  if (!note.attributes.empty()) {
    std::memcpy(memory_->slot(filling.slot) + memory_->schema()->plan.attributes_offset_bytes,
                note.attributes.data(),
                note.attributes.size());
  }
  return {};
}

std::uint64_t WriterState::finish_descriptors(const Filling& filling) noexcept {
  std::uint64_t sum = 0;
  const auto& bytes = filling.tensor_bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == Filling::kAbsent) {
      write_absent(*memory_->schema(), i, memory_->slot(filling.slot));
    } else {
      sum += bytes[i];
    }
  }
  return sum;
}

void WriterState::write_record(const Filling& filling,
                               std::uint64_t version,
                               Stamp stamp) noexcept {
  const std::int64_t now_ns = stamp == Stamp::monotonic ? sync::monotonic_now().count() : 0;
  // Made where it stands: a copy would wait for the stores of which it is made.
  new (memory_->slot(filling.slot))
      layout::SlotRecord{.version = version,
                         .published_ns = now_ns,
                         .tag = filling.tag,
                         .attribute_bytes = filling.attribute_bytes,
                         .tensor_count = static_cast<std::uint32_t>(filling.tensor_bytes.size()),
                         .reserved = {}};
}

}  // namespace tenure::detail

// SPDX-License-Identifier: Apache-2.0
// What goes into a claimed slot besides the tensors' own bytes: descriptors, note and record.
// Nobody reads it before the commit.
#include <algorithm>
#include <cstring>
#include <utility>

#include "client/lib/publisher_state.hpp"

namespace tenure::detail {

void PublisherState::begin(std::size_t slot) noexcept {
  Filling& filling = filling_[slot];
  std::fill(filling.tensor_bytes.begin(), filling.tensor_bytes.end(), kAbsent);
  filling.tag = 0;
  filling.attribute_bytes = 0;
}

Result<TensorSpan> PublisherState::tensor(std::size_t slot,
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
                                 memory_->slot(slot),
                                 *result);
      !placed) {
    result = std::move(placed).error();
  } else {
    describe_tensor(slot, *index, *result);
  }
  return result;
}

void PublisherState::describe_tensor(std::size_t slot,
                                     std::size_t index,
                                     const TensorSpan& tensor) noexcept {
  write_descriptor(*memory_->schema(), index, tensor, memory_->slot(slot));
  filling_[slot].tensor_bytes[index] = tensor.size_bytes();
}

Result<void> PublisherState::check_note(const Note& note) const {
  const std::size_t room = memory_->schema()->attribute_bytes;
  if (note.attributes.size() > room) {
    return Error{.code = Errc::bad_request,
                 .detail = name_ + ": " + std::to_string(note.attributes.size()) +
                           " attribute bytes; there is room for " + std::to_string(room)};
  }
  return {};
}

Result<void> PublisherState::set_note(std::size_t slot, const Note& note) {
  if (auto checked = check_note(note); !checked) {
    return checked;
  }
  Filling& filling = filling_[slot];
  filling.tag = note.tag;
  filling.attribute_bytes = static_cast<std::uint32_t>(note.attributes.size());
  if (!note.attributes.empty()) {
    std::memcpy(memory_->slot(slot) + memory_->schema()->plan.attributes_offset_bytes,
                note.attributes.data(),
                note.attributes.size());
  }
  return {};
}

// Marks what was never asked for as absent; returns the bytes of what was.
std::uint64_t PublisherState::finish_descriptors(std::size_t slot) noexcept {
  std::uint64_t sum = 0;
  const auto& bytes = filling_[slot].tensor_bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == kAbsent) {
      write_absent(*memory_->schema(), i, memory_->slot(slot));
    } else {
      sum += bytes[i];
    }
  }
  return sum;
}

void PublisherState::write_record(std::size_t slot, std::uint64_t version) noexcept {
  const Filling& filling = filling_[slot];
  const bool is_stamped = memory_->opened().stamp == Stamp::monotonic;
  const layout::SlotRecord record{
      .version = version,
      .published_ns = is_stamped ? sync::monotonic_now().count() : 0,
      .tag = filling.tag,
      .attribute_bytes = filling.attribute_bytes,
      .tensor_count = static_cast<std::uint32_t>(filling.tensor_bytes.size()),
      .reserved = {}};
  std::memcpy(memory_->slot(slot), &record, sizeof record);
}

}  // namespace tenure::detail

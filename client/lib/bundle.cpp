// SPDX-License-Identifier: Apache-2.0
#include <tenure/bundle.hpp>

#include <cstring>

#include "client/lib/bundle_schema.hpp"
#include "client/lib/descriptor.hpp"
#include "client/lib/fork_guard.hpp"
#include "proto/layout/slot_record.hpp"

namespace tenure {
namespace {

// The record is a peer's: copied once, and each field judged by its reader.
layout::SlotRecord load_record(const std::byte* slot) noexcept {
  layout::SlotRecord record;
  std::memcpy(&record, slot, sizeof record);
  return record;
}

}  // namespace

std::span<const TensorSpec> Bundle::schema() const noexcept {
  return schema_ == nullptr ? std::span<const TensorSpec>() : schema_->tensors;
}

// A child has no writable map of its parent: there the slot may be nowhere.
bool Bundle::is_forked() const noexcept {
  return generation_ != 0 && detail::is_forked(generation_);
}

Note Bundle::note() const& noexcept {
  if (slot_ == nullptr || is_forked()) {
    return {};
  }
  const layout::SlotRecord record = load_record(slot_);
  const bool is_bounded = record.attribute_bytes <= schema_->attribute_bytes;
  return {.tag = record.tag,
          .attributes = {slot_ + schema_->plan.attributes_offset_bytes,
                         is_bounded ? record.attribute_bytes : 0}};
}

std::chrono::nanoseconds Bundle::published_at() const noexcept {
  return std::chrono::nanoseconds(
      slot_ == nullptr || is_forked() ? 0 : load_record(slot_).published_ns);
}

Result<void> Bundle::open(std::string_view name, TensorView& view) const {
  if (slot_ == nullptr) {
    return Error{.code = Errc::stale, .detail = "an empty bundle: released or moved from"};
  }
  if (is_forked()) {
    return detail::forked_error();
  }
  const auto index = schema_->find(name);
  if (!index) {
    return detail::no_such_tensor(name);
  }
  detail::OpenedTensor tensor{.view = view};
  if (auto opened = detail::open_tensor(*schema_, *index, slot_, limit_bytes_, tensor); !opened) {
    return opened;
  }
  if (!tensor.range.is_present) {
    return Error{.code = Errc::not_found,
                 .detail = "this bundle leaves tensor " + std::string(name) + " out"};
  }
  return {};
}

Result<TensorView> Bundle::tensor(std::string_view name) const& {
  Result<TensorView> result{TensorView()};  // Filled where it stands.
  if (auto opened = open(name, *result); !opened) {
    result = std::move(opened).error();
  }
  return result;
}

Result<TensorView> Bundle::tensor() const& {
  if (slot_ != nullptr && schema_->tensors.size() != 1) {
    return detail::several_tensors(schema_->tensors.size());
  }
  return tensor(slot_ == nullptr ? std::string_view() : schema_->tensors.front().name);
}

}  // namespace tenure

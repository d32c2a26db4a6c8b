// SPDX-License-Identifier: Apache-2.0
// Publishing and pushing by copy: everything that can be wrong is found before a slot is taken, so
// that a bad argument never costs a bundle.
#include <string>
#include <utility>

#include "client/lib/writer_state.hpp"

namespace tenure::detail {
namespace {

Form form_of(const TensorView& tensor) noexcept {
  return {.dtype = tensor.dtype(), .extents = tensor.shape()};
}

}  // namespace

// Fills copies_. Errors: not_found, bad_request
Result<void> WriterState::plan_copies(const Tensors& tensors) {
  const BundleSchema& schema = *memory_->schema();
  copies_.clear();
  is_named_.assign(schema.tensors.size(), false);
  for (const NamedTensor& named : tensors.all()) {
    const auto index = schema.find(named.name);
    if (!index) {
      return no_such_tensor(named.name);
    }
    if (is_named_[*index]) {
      return Error{.code = Errc::bad_request,
                   .detail = "tensor " + std::string(named.name) + " is named twice"};
    }
    is_named_[*index] = true;
    TensorSpan probe;  // In whichever slot: the first one stands for all.
    if (auto placed = place_tensor(schema, *index, form_of(named.tensor), memory_->slot(0), probe);
        !placed) {
      return placed;
    }
    if (bits_of(probe.dtype()) % 8 != 0 && !named.tensor.is_contiguous()) {
      return Error{.code = Errc::bad_request,
                   .detail = "tensor " + std::string(named.name) + ": strides of " +
                             to_string(probe.dtype()) + ": contiguous only"};
    }
    copies_.push_back({.index = *index, .source = &named.tensor});
  }
  return {};
}

Result<Draft> WriterState::copy_to_draft(const Tensors& tensors,
                                         const Note& note,
                                         Timeout timeout) {
  if (auto planned = plan_copies(tensors); !planned) {
    return std::move(planned).error();
  }
  if (auto checked = check_note(note); !checked) {
    return std::move(checked).error();
  }
  auto draft = this->draft(timeout);
  if (!draft) {
    return draft;
  }
  Filling& filling = *filling_of(*draft);
  for (const Copy& copy : copies_) {
    const TensorView& source = *copy.source;
    TensorSpan target;
    auto copied = place_tensor(
        *memory_->schema(), copy.index, form_of(source), memory_->slot(filling.slot), target);
    copied = copied ? target.copy_from(source) : std::move(copied);
    if (!copied) {
      return std::move(copied).error();
    }
    describe_tensor(filling, copy.index, target);
  }
  if (auto noted = set_note(filling, note); !noted) {
    return std::move(noted).error();
  }
  return draft;
}

}  // namespace tenure::detail

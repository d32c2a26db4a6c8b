// SPDX-License-Identifier: Apache-2.0
// Publishing by copy: everything that can be wrong is found before a slot is taken, so that a bad
// argument never costs a bundle.
#include <utility>
#include <vector>

#include "client/lib/publisher_state.hpp"

namespace tenure::detail {
namespace {

struct Copy {
  std::size_t index;
  Shape shape;
  const TensorView* source;
};

Result<std::vector<Copy>> plan_copies(const BundleSchema& schema, Tensors tensors) {
  std::vector<Copy> copies;
  copies.reserve(tensors.all().size());
  std::vector<bool> is_named(schema.tensors.size());
  for (const NamedTensor& named : tensors.all()) {
    const auto index = schema.find(named.name);
    if (!index) {
      return no_such_tensor(named.name);
    }
    if (is_named[*index]) {
      return Error{.code = Errc::bad_request,
                   .detail = "tensor " + std::string(named.name) + " is named twice"};
    }
    is_named[*index] = true;
    copies.push_back(
        {.index = *index, .shape = Shape(named.tensor.shape()), .source = &named.tensor});
  }
  return copies;
}

}  // namespace

Result<std::uint64_t> PublisherState::publish(Tensors tensors, const Note& note, Timeout timeout) {
  const BundleSchema& schema = *memory_->schema();
  const auto copies = plan_copies(schema, tensors);
  if (!copies) {
    return copies.error();
  }
  for (const Copy& copy : *copies) {
    const auto placed = place_tensor(schema, copy.index, copy.source->dtype(), copy.shape);
    if (!placed) {
      return placed.error();
    }
  }
  if (auto checked = check_note(note); !checked) {
    return std::move(checked).error();
  }
  auto draft = this->draft(timeout);
  if (!draft) {
    return std::move(draft).error();
  }
  for (const Copy& copy : *copies) {
    auto target = draft->tensor(schema.tensors[copy.index].name, copy.source->dtype(), copy.shape);
    if (!target) {
      return std::move(target).error();
    }
    if (auto copied = target->copy_from(*copy.source); !copied) {
      return std::move(copied).error();
    }
  }
  if (auto noted = draft->set_note(note); !noted) {
    return std::move(noted).error();
  }
  return publish(*draft);
}

}  // namespace tenure::detail

// SPDX-License-Identifier: Apache-2.0
/// The pages of a buffer that tensors lie in, as `put` and `get` ask for them.
#pragma once

#include <string>
#include <vector>

#include <tenure/buffer.hpp>

#include "client/cli/context.hpp"

namespace tenure::cli {

/// Pages to be asked for as one, and the tensors in them that are meant.
struct BufferPart {
  Region region = {};
  std::vector<const FixedTensor*> tensors = {};
};

/// The tensors that have elements; pages that touch or overlap become one part. Throws Refusal
/// about `name`, the buffer.
[[nodiscard]] std::vector<BufferPart> find_parts(const std::string& name,
                                                 const Buffer& buffer,
                                                 std::vector<const FixedTensor*> tensors);

/// The error as it is to be told: where the library says how a program waits or acknowledges, it
/// says by which option.
[[nodiscard]] Refusal region_refusal(const Context& context, const std::string& name, Error error);

/// The value; throws region_refusal() where there is none.
template <class T>
T need_region(const Context& context, const std::string& name, Result<T>&& result) {
  if (!result) {
    throw region_refusal(context, name, std::move(result).error());
  }
  return *std::move(result);
}

[[nodiscard]] std::vector<Region> regions_of(const std::vector<BufferPart>& parts);

}  // namespace tenure::cli

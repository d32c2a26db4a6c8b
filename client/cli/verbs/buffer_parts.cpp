// SPDX-License-Identifier: Apache-2.0
#include "client/cli/verbs/buffer_parts.hpp"

#include <algorithm>

#include "client/cli/refusal.hpp"
#include "client/cli/text/tensors.hpp"

namespace tenure::cli {

std::vector<BufferPart> find_parts(const std::string& name,
                                   const Buffer& buffer,
                                   std::vector<const FixedTensor*> tensors) {
  std::ranges::sort(tensors, {}, &FixedTensor::offset_bytes);
  std::vector<BufferPart> parts;
  for (const FixedTensor* fixed : tensors) {
    if (room_bytes(fixed->spec) == 0) {
      continue;
    }
    const Region pages = need(name, buffer.region(fixed->spec.name));
    if (parts.empty() || parts.back().region.end_bytes < pages.begin_bytes) {
      parts.push_back({.region = pages});
    }
    BufferPart& part = parts.back();
    part.region.end_bytes = std::max(part.region.end_bytes, pages.end_bytes);
    part.tensors.push_back(fixed);
  }
  return parts;
}

Refusal region_refusal(const Context& context, const std::string& name, Error error) {
  if (error.code == Errc::held && !context.remaining().waits()) {
    error.hint = "--timeout 10s waits; `tenure tokens " + name + "` shows who holds what";
  }
  if (error.code == Errc::poisoned) {
    error.hint = "`tenure borrow --acknowledge` takes it as it is, to overwrite or accept that";
  }
  return {name, std::move(error)};
}

std::vector<Region> regions_of(const std::vector<BufferPart>& parts) {
  std::vector<Region> regions;
  regions.reserve(parts.size());
  for (const BufferPart& part : parts) {
    regions.push_back(part.region);
  }
  return regions;
}

}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <map>

#include "client/cli/text/tensors.hpp"
#include "client/cli/verbs/buffer_parts.hpp"
#include "client/cli/verbs/put_files.hpp"

namespace tenure::cli {
namespace {

using Contents = std::map<const FixedTensor*, TensorView>;

Error bad_request(std::string detail) {
  return {.code = Errc::bad_request,
          .detail = std::move(detail),
          .hint = "each tensor of a buffer is written once, and as a whole"};
}

Contents find_contents(const SegmentInfo& info,
                       const Buffer& buffer,
                       const std::vector<NamedTensor>& tensors) {
  Contents contents;
  for (const auto& [name, tensor] : tensors) {
    const auto fixed = std::ranges::find_if(
        buffer.schema(), [&](const FixedTensor& one) { return one.spec.name == name; });
    if (fixed == buffer.schema().end()) {  // It is another buffer than the one that was asked.
      throw Refusal(info.name,
                    {.code = Errc::not_found,
                     .detail = "no tensor \"" + std::string(name) + "\" in this buffer"});
    }
    if (tensor.dtype() != fixed->spec.dtype ||
        !std::ranges::equal(tensor.shape(), fixed->spec.shape.extents())) {
      throw Refusal(info.name,
                    bad_request("tensor \"" + fixed->spec.name + "\" is " +
                                format_type(fixed->spec) + "; the file has " +
                                to_string(tensor.dtype()) + format_shape(tensor.shape())));
    }
    if (!contents.emplace(&*fixed, tensor).second) {
      throw Refusal(info.name, bad_request("tensor " + fixed->spec.name + " is named twice"));
    }
  }
  return contents;
}

// Whether tensors that are not written have bytes there.
bool has_others(const Buffer& buffer, const BufferPart& part) {
  return std::ranges::any_of(buffer.schema(), [&](const FixedTensor& fixed) {
    const std::uint64_t end = fixed.offset_bytes + room_bytes(fixed.spec);
    return fixed.offset_bytes < end && fixed.offset_bytes < part.region.end_bytes &&
           part.region.begin_bytes < end &&
           std::ranges::find(part.tensors, &fixed) == part.tensors.end();
  });
}

// What a dead writer left is overwritten as a whole, unless others share the pages.
void heal(const std::string& name, const Buffer& buffer, const BufferPart& part, Borrow& borrow) {
  if (borrow.poisoned() && !has_others(buffer, part)) {
    need(name, borrow.acknowledge());
  }
}

void write(const BufferPart& part, const Contents& contents, std::span<std::byte> bytes) {
  for (const FixedTensor* fixed : part.tensors) {
    const TensorView& tensor = contents.at(fixed);
    std::memcpy(bytes.data() + (fixed->offset_bytes - part.region.begin_bytes),
                tensor.data(),
                tensor.size_bytes());
  }
}

}  // namespace

// Whatever can be refused is asked for before the first byte is written.
void put_into_buffer(const Context& context,
                     Client& client,
                     const SegmentInfo& info,
                     const std::vector<NamedTensor>& tensors) {
  const std::string& name = info.name;
  Buffer buffer = need(name, client.buffer(name, {.timeout = context.remaining()}));
  const Contents contents = find_contents(info, buffer, tensors);
  std::vector<const FixedTensor*> written;
  for (const auto& [fixed, tensor] : contents) {
    written.push_back(fixed);
  }
  const auto parts = find_parts(name, buffer, std::move(written));
  if (parts.empty()) {
    return;  // Tensors without elements.
  }
  std::vector<Borrow> borrows = need_region(
      context, name, buffer.borrow_all(regions_of(parts), {.timeout = context.remaining()}));
  std::vector<std::span<std::byte>> bytes;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    heal(name, buffer, parts[i], borrows[i]);
    bytes.push_back(need_region(context, name, borrows[i].attach()));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    write(parts[i], contents, bytes[i]);
  }
  for (Borrow& borrow : borrows) {
    need(name, borrow.detach());
    need(name, borrow.release());
  }
}

}  // namespace tenure::cli

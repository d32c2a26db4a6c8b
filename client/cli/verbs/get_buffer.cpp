// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/tensors.hpp"
#include "client/cli/verbs/buffer_parts.hpp"
#include "client/cli/verbs/get_files.hpp"

namespace tenure::cli {
namespace {

std::vector<const FixedTensor*> choose(const GetOptions& options, const Buffer& buffer) {
  std::vector<const FixedTensor*> chosen;
  for (const FixedTensor& fixed : buffer.schema()) {
    if (options.tensor.empty() || fixed.spec.name == options.tensor) {
      chosen.push_back(&fixed);
    }
  }
  if (chosen.empty()) {
    throw Refusal(
        options.name,
        {.code = Errc::not_found,
         .detail = options.tensor.empty() ? std::string("the buffer has no tensors")
                                          : "no tensor \"" + options.tensor + "\" in this buffer",
         .hint = "`tenure inspect " + options.name + "` shows what there is"});
  }
  return chosen;
}

TensorView without_elements(const GetOptions& options, const TensorSpec& spec) {
  return need(options.name, TensorView::of_bytes({}, spec.dtype, spec.shape));
}

}  // namespace

FrozenTensors freeze_tensors(const Context& context, Client& client, const GetOptions& options) {
  FrozenTensors frozen{
      .buffer = need(options.name, client.buffer(options.name, {.timeout = context.remaining()})),
      .freezes = {},
      .tensors = {}};
  const auto chosen = choose(options, frozen.buffer);
  for (const FixedTensor* fixed : chosen) {
    if (room_bytes(fixed->spec) == 0) {
      frozen.tensors.emplace_back(fixed->spec.name, without_elements(options, fixed->spec));
    }
  }
  const auto parts = find_parts(options.name, frozen.buffer, chosen);
  if (parts.empty()) {
    return frozen;
  }
  frozen.freezes = need(
      options.name, frozen.buffer.freeze_all(regions_of(parts), {.timeout = context.remaining()}));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    need(options.name, frozen.freezes[i].attach());
    for (const FixedTensor* fixed : parts[i].tensors) {
      const Layout layout{.dtype = fixed->spec.dtype,
                          .shape = fixed->spec.shape,
                          .offset_bytes = fixed->offset_bytes};
      frozen.tensors.emplace_back(fixed->spec.name,
                                  need(options.name, frozen.freezes[i].tensor(layout)));
    }
  }
  return frozen;
}

}  // namespace tenure::cli

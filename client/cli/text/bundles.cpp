// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/bundles.hpp"

#include <algorithm>

#include "client/cli/text/table.hpp"
#include "client/cli/text/tensors.hpp"

namespace tenure::cli {
namespace {

constexpr std::size_t kTensorsShown = 8;

}  // namespace

std::vector<NamedTensor> tensors_of(const Bundle& bundle) {
  std::vector<NamedTensor> tensors;
  for (const TensorSpec& spec : bundle.schema()) {
    if (auto tensor = bundle.tensor(spec.name)) {
      tensors.push_back({.name = spec.name, .tensor = *tensor});
    }
  }
  return tensors;
}

std::string format_tensors(std::span<const NamedTensor> tensors) {
  std::string out;
  for (const NamedTensor& named : tensors.first(std::min(tensors.size(), kTensorsShown))) {
    out += (out.empty() ? "" : " ") + printable(named.name) + format_shape(named.tensor.shape());
  }
  if (tensors.size() > kTensorsShown) {
    out += " +" + std::to_string(tensors.size() - kTensorsShown);
  }
  return out.empty() ? "-" : out;
}

std::string count_tensors(std::span<const NamedTensor> tensors) {
  return std::to_string(tensors.size()) + (tensors.size() == 1 ? " tensor" : " tensors");
}

std::uint64_t size_bytes(std::span<const NamedTensor> tensors) {
  std::uint64_t sum = 0;
  for (const NamedTensor& named : tensors) {
    sum += named.tensor.size_bytes();
  }
  return sum;
}

}  // namespace tenure::cli

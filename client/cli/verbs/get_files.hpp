// SPDX-License-Identifier: Apache-2.0
/// The .npy files that `get` writes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <tenure/client.hpp>

#include "client/cli/context.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {

/// Tensors by name, each valid for as long as what it was read from.
using GotTensors = std::vector<std::pair<std::string, TensorView>>;

/// Where each tensor goes; makes the directory if there is to be one. Throws UsageError where
/// several would go to one file, and Refusal.
[[nodiscard]] std::vector<std::string> paths_for(const GetOptions& options,
                                                 const GotTensors& tensors);

/// Throws Refusal.
void write_tensor(const std::string& path, const TensorView& tensor);

/// Tensors of a buffer, and the freezes that keep them as they are. Moving it leaves them in place.
struct FrozenTensors {
  Buffer buffer;
  std::vector<Freeze> freezes;
  GotTensors tensors;
};

/// Freezes the tensors of a buffer, or the one that `options` name. Throws Refusal.
[[nodiscard]] FrozenTensors freeze_tensors(const Context& context,
                                           Client& client,
                                           const GetOptions& options);

}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
/// The .npy files that `get` writes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <tenure/client.hpp>

#include "client/cli/context.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {

/// Tensors by name, each valid for as long as what it was read from.
using GotTensors = std::vector<std::pair<std::string, TensorView>>;

/// A bundle's tensors that are there, or the one that was asked for. Throws Refusal where there is
/// none; `which` says which bundle it is.
[[nodiscard]] GotTensors choose_tensors(const GetOptions& options,
                                        const Bundle& bundle,
                                        const std::string& which);

/// Throws UsageError where files on standard output and --json are both asked for.
void need_one_output(const Context& context, const std::string& output);

[[nodiscard]] bool is_directory(const std::string& path);
/// It may be there already. Throws Refusal.
void make_directory(const std::string& path);

/// Where each tensor goes; makes the directory if there is to be one. Throws UsageError where
/// several would go to one file, and Refusal.
[[nodiscard]] std::vector<std::string> paths_for(const GetOptions& options,
                                                 const GotTensors& tensors);

/// Writes the files and returns what each has; for people it prints a line each, with `which` (may
/// be empty) behind the path. Throws UsageError and Refusal.
[[nodiscard]] nlohmann::json write_files(const Context& context,
                                         const GetOptions& options,
                                         const GotTensors& tensors,
                                         const std::string& which);

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

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <tenure/tensor.hpp>

#include "proto/layout/slot_plan.hpp"

namespace tenure::detail {

/// A schema with its slot plan and an index by name. Constant after construction; shared by a
/// segment's handles and the snapshots taken of it. Threads: any.
struct BundleSchema {
  std::vector<TensorSpec> tensors;
  layout::SlotPlan plan;
  std::uint32_t attribute_bytes = 0;                        // Room for a note.
  std::unordered_map<std::string_view, std::size_t> index;  // Empty for small schemas.

  /// Errors: corrupt  the broker sent a schema that it would not accept itself
  [[nodiscard]] static Result<std::shared_ptr<const BundleSchema>> make(
      std::vector<TensorSpec> tensors, std::uint32_t attribute_bytes);

  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept;
};

/// "weights has no tensor called x": the error of every lookup by name.
[[nodiscard]] Error no_such_tensor(std::string_view name);
/// What tensor() without a name says to a schema of several.
[[nodiscard]] Error several_tensors(std::size_t count);

}  // namespace tenure::detail

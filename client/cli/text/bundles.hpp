// SPDX-License-Identifier: Apache-2.0
/// What is in a bundle, in words.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tenure/bundle.hpp>

namespace tenure::cli {

/// Those of its tensors that are there and can be read. Valid for as long as the bundle.
[[nodiscard]] std::vector<NamedTensor> tensors_of(const Bundle& bundle);

/// "w1[64,128] b1[128] +3": the first eight, and how many more; "-": none.
[[nodiscard]] std::string format_tensors(std::span<const NamedTensor> tensors);

/// "1 tensor", "3 tensors".
[[nodiscard]] std::string count_tensors(std::span<const NamedTensor> tensors);

/// Of all of them together.
[[nodiscard]] std::uint64_t size_bytes(std::span<const NamedTensor> tensors);

}  // namespace tenure::cli

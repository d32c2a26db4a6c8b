// SPDX-License-Identifier: Apache-2.0
/// Places in a buffer as people read and write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tenure/token.hpp>

namespace tenure::cli {

/// "0", "4096", "64K", "160M", "1G": the largest binary unit that leaves a whole number of at least
/// one; read_size() reads it back.
[[nodiscard]] std::string format_size(std::uint64_t bytes);

/// Reads bytes: a whole number, alone or with K, M, G or T (binary; "KiB" and so on do as well).
/// Nothing where the text is none of these or does not fit into 64 bits.
[[nodiscard]] std::optional<std::uint64_t> read_size(std::string_view text);

/// "256.0 MiB in 16 grains of 16.0 MiB".
[[nodiscard]] std::string format_grains(std::uint64_t size_bytes, std::uint64_t grain_bytes);

/// "128M..160M".
[[nodiscard]] std::string format_region(const Region& region);

/// Reads "0..64K". Nothing where it is no range; what it means is for the broker to judge.
[[nodiscard]] std::optional<Region> read_region(std::string_view text);

}  // namespace tenure::cli

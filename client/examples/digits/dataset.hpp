// SPDX-License-Identifier: Apache-2.0
/// The digits on disk: images.npy and labels.npy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "client/examples/digits/network.hpp"

namespace digits {

inline constexpr std::size_t kSamples = 1797;
inline constexpr std::size_t kHeldOut = 297;
inline constexpr std::size_t kTraining = kSamples - kHeldOut;

/// All samples: the first kTraining to learn from, the last kHeldOut to be judged by.
class Dataset {
 public:
  /// Reads both files. Throws std::runtime_error, which names the file and what is wrong with it.
  static Dataset load(const std::filesystem::path& folder);

  [[nodiscard]] Samples training() const noexcept;
  [[nodiscard]] Samples held_out() const noexcept;

 private:
  std::vector<std::uint8_t> images_;
  std::vector<std::uint8_t> labels_;
};

}  // namespace digits

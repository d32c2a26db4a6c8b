// SPDX-License-Identifier: Apache-2.0
/// Which samples were there in which epoch, and a checksum over all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace digits {

/// The loader keeps one of what it pushes, the trainer one of what it has trained on. Threads: one.
class Attendance {
 public:
  /// Of samples whose ids are below `samples`.
  explicit Attendance(std::size_t samples) noexcept : samples_(samples) {}

  /// Notes a sample. Throws std::out_of_range where there is none of that id.
  void note(std::uint64_t epoch, std::uint32_t id, std::span<const std::uint8_t> image);

  /// Those in which anything was noted.
  [[nodiscard]] std::uint64_t epochs() const noexcept { return present_.size(); }
  /// Samples that an epoch lacks, of all these epochs.
  [[nodiscard]] std::uint64_t missing() const noexcept;
  /// How often a sample was noted that the epoch had already.
  [[nodiscard]] std::uint64_t twice() const noexcept { return twice_; }
  /// Over epoch, id and pixels of everything noted, in whatever order. Below 2^48: as a double, it
  /// is still exact.
  [[nodiscard]] std::uint64_t checksum() const noexcept;

 private:
  std::size_t samples_;
  std::map<std::uint64_t, std::vector<bool>> present_;  // By epoch, then id.
  std::uint64_t once_ = 0;
  std::uint64_t twice_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace digits

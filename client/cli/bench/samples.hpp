// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace tenure::cli::bench {

/// Measured times, and what stands at a share of them. Threads: one at a time.
class Samples {
 public:
  void add(std::chrono::nanoseconds time, double per = 1) {
    ns_.push_back(static_cast<double>(time.count()) / per);
  }
  void add(const Samples& more) { ns_.insert(ns_.end(), more.ns_.begin(), more.ns_.end()); }
  [[nodiscard]] std::size_t count() const noexcept { return ns_.size(); }
  /// The smallest time that `share` (0 to 1) of the samples do not exceed; 0 without samples.
  [[nodiscard]] double at(double share) const {
    if (ns_.empty()) {
      return 0;
    }
    std::vector<double> sorted = ns_;
    const auto index = std::min(
        static_cast<std::size_t>(share * static_cast<double>(sorted.size())), sorted.size() - 1);
    std::nth_element(
        sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(index), sorted.end());
    return sorted[index];
  }
  [[nodiscard]] double median() const { return at(0.5); }
  [[nodiscard]] double p99() const { return at(0.99); }

 private:
  std::vector<double> ns_;
};

/// The limit of the machine and what Tenure makes of it, measured in turns.
struct Pair {
  Samples limit;
  Samples ours;
};

}  // namespace tenure::cli::bench

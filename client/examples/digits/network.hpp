// SPDX-License-Identifier: Apache-2.0
/// A network of one hidden layer that tells digits apart, written out by hand: 64 pixels, 64 ReLUs,
/// 10 classes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace digits {

inline constexpr std::size_t kPixels = 64;
inline constexpr std::size_t kHidden = 64;
inline constexpr std::size_t kClasses = 10;
inline constexpr std::size_t kParameters =
    kPixels * kHidden + kHidden + kHidden * kClasses + kClasses;

/// The parameters of a network, wherever they lie: in a Network, or in shared memory.
struct Weights {
  std::span<const float> w1;  ///< [kPixels, kHidden]
  std::span<const float> b1;  ///< [kHidden]
  std::span<const float> w2;  ///< [kHidden, kClasses]
  std::span<const float> b2;  ///< [kClasses]
};

/// Images and what they show, wherever they lie.
struct Samples {
  std::span<const std::uint8_t> images;  ///< kPixels values of 0..16 for each sample.
  std::span<const std::uint8_t> labels;  ///< 0..9 for each sample.

  [[nodiscard]] std::size_t count() const noexcept { return labels.size(); }
  [[nodiscard]] std::span<const std::uint8_t> image(std::size_t index) const noexcept {
    return images.subspan(index * kPixels, kPixels);
  }
};

/// What the network takes and what it shows, wherever it lies.
struct Batch {
  std::span<const float> inputs;         ///< kPixels values of 0..1 for each sample.
  std::span<const std::uint8_t> labels;  ///< 0..9 for each sample.

  [[nodiscard]] std::size_t count() const noexcept { return labels.size(); }
  [[nodiscard]] std::span<const float> input(std::size_t index) const noexcept {
    return inputs.subspan(index * kPixels, kPixels);
  }
};

/// What the network takes for a pixel: exact, since the brightest one is a power of two.
[[nodiscard]] constexpr float normalised(std::uint8_t pixel) noexcept {
  return static_cast<float>(pixel) / 16.0F;
}
/// The same for as many pixels as there is room for in `inputs`.
void normalise(std::span<const std::uint8_t> pixels, std::span<float> inputs) noexcept;

/// The digit that a network of these weights sees in `image`.
[[nodiscard]] std::size_t classify(const Weights& weights, std::span<const std::uint8_t> image);

/// The share of `samples` that it sees rightly, 0 to 1.
[[nodiscard]] double accuracy(const Weights& weights, const Samples& samples);

/// A network that learns by stochastic gradient descent with momentum. Threads: one at a time.
class Network {
 public:
  /// Random first weights; the same for the same seed.
  explicit Network(std::uint32_t seed);

  [[nodiscard]] Weights weights() const noexcept;
  /// All parameters in one row: w1, b1, w2, b2.
  [[nodiscard]] std::span<float> parameters() noexcept { return parameters_; }
  /// What differentiate() found, in the order of parameters().
  [[nodiscard]] std::span<const float> gradient() const noexcept { return gradient_; }

  /// The mean cross entropy over `batch`, and its gradient. Throws std::out_of_range where a label
  /// is above 9.
  double differentiate(const Batch& batch);
  /// One step down that gradient.
  void descend(float learning_rate) noexcept;

 private:
  std::vector<float> parameters_;
  std::vector<float> gradient_;
  std::vector<float> velocity_;
};

}  // namespace digits

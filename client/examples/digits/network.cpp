// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/network.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace digits {
namespace {

constexpr float kMomentum = 0.9F;

// Where each tensor begins in the row of all parameters.
constexpr std::size_t kW1 = 0;
constexpr std::size_t kB1 = kW1 + kPixels * kHidden;
constexpr std::size_t kW2 = kB1 + kHidden;
constexpr std::size_t kB2 = kW2 + kHidden * kClasses;
static_assert(kB2 + kClasses == kParameters);

using Input = std::array<float, kPixels>;
using Hidden = std::array<float, kHidden>;
using Scores = std::array<float, kClasses>;

Hidden hidden_layer(const Weights& weights, std::span<const float> input) {
  Hidden hidden;
  std::ranges::copy(weights.b1, hidden.begin());
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
    const float* row = &weights.w1[pixel * kHidden];
    for (std::size_t unit = 0; unit < kHidden; ++unit) {
      hidden[unit] += input[pixel] * row[unit];
    }
  }
  for (float& value : hidden) {
    value = std::max(value, 0.0F);
  }
  return hidden;
}

Scores output_layer(const Weights& weights, const Hidden& hidden) {
  Scores scores;
  std::ranges::copy(weights.b2, scores.begin());
  for (std::size_t unit = 0; unit < kHidden; ++unit) {
    const float* row = &weights.w2[unit * kClasses];
    for (std::size_t digit = 0; digit < kClasses; ++digit) {
      scores[digit] += hidden[unit] * row[digit];
    }
  }
  return scores;
}

// Turns scores into probabilities. Subtracting the largest keeps exp() from overflowing.
void softmax(Scores& scores) {
  const float largest = *std::ranges::max_element(scores);
  float sum = 0.0F;
  for (float& score : scores) {
    score = std::exp(score - largest);
    sum += score;
  }
  for (float& score : scores) {
    score /= sum;
  }
}

// Adds one sample's share to the gradient; `slope` is the derivative of the loss by each score.
void back_propagate(const Weights& weights,
                    std::span<const float> input,
                    const Hidden& hidden,
                    const Scores& slope,
                    std::span<float> gradient) {
  Hidden hidden_slope{};
  for (std::size_t unit = 0; unit < kHidden; ++unit) {
    for (std::size_t digit = 0; digit < kClasses; ++digit) {
      gradient[kW2 + unit * kClasses + digit] += hidden[unit] * slope[digit];
      hidden_slope[unit] += weights.w2[unit * kClasses + digit] * slope[digit];
    }
    if (hidden[unit] <= 0.0F) {
      hidden_slope[unit] = 0.0F;
    }
    gradient[kB1 + unit] += hidden_slope[unit];
  }
  for (std::size_t digit = 0; digit < kClasses; ++digit) {
    gradient[kB2 + digit] += slope[digit];
  }
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
    for (std::size_t unit = 0; unit < kHidden; ++unit) {
      gradient[kW1 + pixel * kHidden + unit] += input[pixel] * hidden_slope[unit];
    }
  }
}

void fill_at_random(std::span<float> weights, std::size_t inputs, std::mt19937& random) {
  std::normal_distribution<float> normal(0.0F, std::sqrt(2.0F / static_cast<float>(inputs)));
  for (float& weight : weights) {
    weight = normal(random);
  }
}

}  // namespace

void normalise(std::span<const std::uint8_t> pixels, std::span<float> inputs) noexcept {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i] = normalised(pixels[i]);
  }
}

std::size_t classify(const Weights& weights, std::span<const std::uint8_t> image) {
  Input input;
  normalise(image, input);
  const Scores scores = output_layer(weights, hidden_layer(weights, input));
  return static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
}

double accuracy(const Weights& weights, const Samples& samples) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < samples.count(); ++i) {
    right += classify(weights, samples.image(i)) == samples.labels[i] ? 1U : 0U;
  }
  return static_cast<double>(right) / static_cast<double>(samples.count());
}

Network::Network(std::uint32_t seed)
    : parameters_(kParameters), gradient_(kParameters), velocity_(kParameters) {
  std::mt19937 random(seed);
  const std::span<float> all(parameters_);
  fill_at_random(all.subspan(kW1, kPixels * kHidden), kPixels, random);
  fill_at_random(all.subspan(kW2, kHidden * kClasses), kHidden, random);
}

Weights Network::weights() const noexcept {
  const std::span<const float> all(parameters_);
  return {.w1 = all.subspan(kW1, kPixels * kHidden),
          .b1 = all.subspan(kB1, kHidden),
          .w2 = all.subspan(kW2, kHidden * kClasses),
          .b2 = all.subspan(kB2, kClasses)};
}

double Network::differentiate(const Batch& batch) {
  std::ranges::fill(gradient_, 0.0F);
  const Weights now = weights();
  const auto count = static_cast<float>(batch.count());
  double loss = 0.0;
  for (std::size_t i = 0; i < batch.count(); ++i) {
    const Hidden hidden = hidden_layer(now, batch.input(i));
    Scores slope = output_layer(now, hidden);
    softmax(slope);
    const std::size_t label = batch.labels[i];
    // The label lies where others can write: it was read once, and at() checks it.
    loss -= std::log(std::max(static_cast<double>(slope.at(label)), 1e-30));
    // Of softmax and cross entropy together: the probabilities, less one at the right digit.
    slope.at(label) -= 1.0F;
    for (float& value : slope) {
      value /= count;
    }
    back_propagate(now, batch.input(i), hidden, slope, gradient_);
  }
  return loss / static_cast<double>(batch.count());
}

void Network::descend(float learning_rate) noexcept {
  for (std::size_t i = 0; i < kParameters; ++i) {
    velocity_[i] = kMomentum * velocity_[i] - learning_rate * gradient_[i];
    parameters_[i] += velocity_[i];
  }
}

}  // namespace digits

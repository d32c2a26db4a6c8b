// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/network.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace digits {
namespace {

// Eight images of stripes, each digit with stripes of its own.
class NetworkTest : public testing::Test {
 protected:
  NetworkTest() : images_(8 * kPixels), inputs_(8 * kPixels) {
    for (std::size_t i = 0; i < images_.size(); ++i) {
      const std::size_t sample = i / kPixels;
      images_[i] = static_cast<std::uint8_t>((i % kPixels) * (sample + 3) % 17);
    }
    normalise(images_, inputs_);
  }

  [[nodiscard]] Samples samples() const { return {.images = images_, .labels = labels_}; }
  [[nodiscard]] Batch batch() const { return {.inputs = inputs_, .labels = labels_}; }

  std::vector<std::uint8_t> images_;
  std::vector<float> inputs_;  // The same.
  std::array<std::uint8_t, 8> labels_{0, 1, 2, 3, 4, 7, 8, 9};
};

// The size of `difference` relative to that of `reference`, over one tensor of the parameters.
double relative_error(const std::vector<double>& difference, const std::vector<double>& reference) {
  double above = 0.0;
  double below = 0.0;
  for (std::size_t i = 0; i < difference.size(); ++i) {
    above += difference[i] * difference[i];
    below += reference[i] * reference[i];
  }
  return std::sqrt(above / below);
}

// Compares a gradient with central differences of the loss, every seventh parameter of a tensor.
double gradient_error(Network& network, const Batch& batch, std::size_t begin, std::size_t count) {
  constexpr float step = 1.0F / 512.0F;
  network.differentiate(batch);
  const std::vector<float> found(network.gradient().begin(), network.gradient().end());
  std::vector<double> numeric;
  std::vector<double> difference;
  for (std::size_t i = begin; i < begin + count; i += count > 70 ? 7 : 1) {
    float& parameter = network.parameters()[i];
    const float before = parameter;
    parameter = before + step;
    const double above = network.differentiate(batch);
    parameter = before - step;
    const double below = network.differentiate(batch);
    parameter = before;
    numeric.push_back((above - below) / (2.0 * static_cast<double>(step)));
    difference.push_back(static_cast<double>(found[i]) - numeric.back());
  }
  return relative_error(difference, numeric);
}

TEST_F(NetworkTest, GradientIsThatOfTheLoss) {
  Network network(7);
  std::size_t begin = 0;
  for (const std::size_t count : {kPixels * kHidden, kHidden, kHidden * kClasses, kClasses}) {
    EXPECT_LT(gradient_error(network, batch(), begin, count), 0.02) << "tensor at " << begin;
    begin += count;
  }
}

TEST_F(NetworkTest, AStepLowersTheLoss) {
  Network network(7);
  const double before = network.differentiate(batch());
  network.descend(0.01F);
  EXPECT_LT(network.differentiate(batch()), before);
}

TEST_F(NetworkTest, StepsLearnTheSamplesByHeart) {
  Network network(7);
  for (int i = 0; i < 200; ++i) {
    network.differentiate(batch());
    network.descend(0.05F);
  }
  EXPECT_EQ(accuracy(network.weights(), samples()), 1.0);
}

TEST_F(NetworkTest, MomentumCarriesOn) {
  Network network(7);
  network.differentiate(batch());
  const float at_first = network.parameters()[kParameters - 1];
  network.descend(0.01F);
  const float after_one = network.parameters()[kParameters - 1];
  network.descend(0.01F);
  const float after_two = network.parameters()[kParameters - 1];
  EXPECT_NEAR(after_two - after_one, 1.9F * (after_one - at_first), 1e-6F);
}

TEST_F(NetworkTest, NormalisesAllPixelsExactly) {
  EXPECT_EQ(normalised(0), 0.0F);
  EXPECT_EQ(normalised(16), 1.0F);
  for (std::size_t i = 0; i < images_.size(); ++i) {
    EXPECT_EQ(inputs_[i] * 16.0F, static_cast<float>(images_[i])) << "pixel " << i;
  }
}

TEST_F(NetworkTest, NormalisesNoMoreThanThereIsRoomFor) {
  std::array<float, 3> inputs{-1.0F, -1.0F, -1.0F};
  normalise(std::span(images_).subspan(1), std::span(inputs).first(2));
  EXPECT_EQ(inputs, (std::array{inputs_[1], inputs_[2], -1.0F}));
}

TEST_F(NetworkTest, AccuracyIsTheShareOfRightAnswers) {
  const Network network(7);
  std::vector<std::uint8_t> labels;
  for (std::size_t i = 0; i < samples().count(); ++i) {
    labels.push_back(static_cast<std::uint8_t>(classify(network.weights(), samples().image(i))));
  }
  labels[0] = static_cast<std::uint8_t>((labels[0] + 1) % kClasses);
  EXPECT_EQ(accuracy(network.weights(), {.images = images_, .labels = labels}), 7.0 / 8.0);
}

TEST_F(NetworkTest, SeedsDecideTheFirstWeights) {
  Network network(7);
  Network same(7);
  Network other(8);
  EXPECT_TRUE(std::equal(
      network.parameters().begin(), network.parameters().end(), same.parameters().begin()));
  EXPECT_FALSE(std::equal(
      network.parameters().begin(), network.parameters().end(), other.parameters().begin()));
}

TEST_F(NetworkTest, RefusesALabelThatIsNoDigit) {
  labels_[3] = 10;
  Network network(7);
  EXPECT_THROW(network.differentiate(batch()), std::out_of_range);
}

}  // namespace
}  // namespace digits

// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/segments.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace digits {
namespace {

using namespace std::chrono_literals;
using tenure::DType;
using tenure::or_throw;

// The attribute that marks the last bundle of a stream.
constexpr std::string_view kLast = "last";

void require_equal(std::size_t found, std::size_t wanted, const char* tensor) {
  if (found != wanted) {
    throw tenure::Failure({.code = tenure::Errc::corrupt,
                           .detail = std::string(tensor) + " has " + std::to_string(found) +
                                     " elements instead of " + std::to_string(wanted)});
  }
}

std::span<const float> floats(const tenure::Bundle& bundle,
                              const char* tensor,
                              std::size_t elements) {
  const std::span<const float> found = or_throw(bundle.span<float>(tensor));
  require_equal(found.size(), elements, tensor);
  return found;
}

}  // namespace

tenure::QueueOptions batches_queue() {
  return {.schema = {{"raw", DType::uint8, {kBatchSize, 8, 8}},
                     {"labels", DType::uint8, {kBatchSize}},
                     {"ids", DType::uint32, {kBatchSize}},
                     {"x", DType::float32, {kBatchSize, kPixels}}},
          .slots = 16,
          .lanes = 2,
          .consume = tenure::Consume::repeatable};
}

tenure::TopicOptions weights_topic() {
  return {.schema = {{"w1", DType::float32, {kPixels, kHidden}},
                     {"b1", DType::float32, {kHidden}},
                     {"w2", DType::float32, {kHidden, kClasses}},
                     {"b2", DType::float32, {kClasses}}},
          .slots = 8};
}

tenure::Note more_follow(std::uint64_t tag) noexcept {
  return {.tag = tag};
}

tenure::Note last_of_all(std::uint64_t tag) noexcept {
  return {.tag = tag, .attributes = std::as_bytes(std::span(kLast))};
}

bool is_last(const tenure::Bundle& bundle) noexcept {
  return std::ranges::equal(bundle.note().attributes, std::as_bytes(std::span(kLast)));
}

Samples samples_in(const tenure::Bundle& bundle) {
  const Samples samples{.images = or_throw(bundle.span<std::uint8_t>("raw")),
                        .labels = or_throw(bundle.span<std::uint8_t>("labels"))};
  require_equal(samples.images.size(), samples.count() * kPixels, "raw");
  if (samples.count() == 0) {
    throw tenure::Failure({.code = tenure::Errc::corrupt, .detail = "a batch without samples"});
  }
  return samples;
}

std::span<const std::uint32_t> ids_in(const tenure::Bundle& bundle) {
  const auto ids = or_throw(bundle.span<std::uint32_t>("ids"));
  require_equal(ids.size(), samples_in(bundle).count(), "ids");
  return ids;
}

Batch normalised_in(const tenure::Bundle& bundle) {
  const Samples samples = samples_in(bundle);
  return {.inputs = floats(bundle, "x", samples.images.size()), .labels = samples.labels};
}

Weights weights_in(const tenure::Bundle& bundle) {
  return {.w1 = floats(bundle, "w1", kPixels * kHidden),
          .b1 = floats(bundle, "b1", kHidden),
          .w2 = floats(bundle, "w2", kHidden * kClasses),
          .b2 = floats(bundle, "b2", kClasses)};
}

std::uint64_t size_bytes(const tenure::Bundle& bundle) {
  std::uint64_t sum = 0;
  for (const tenure::TensorSpec& spec : bundle.schema()) {
    const auto tensor = bundle.tensor(spec.name);
    if (tensor) {
      sum += tensor->size_bytes();
    } else if (tensor.error().code != tenure::Errc::not_found) {
      throw tenure::Failure(tensor.error());
    }
  }
  return sum;
}

std::optional<tenure::Item> next(tenure::Consumer& lane) {
  tenure::Result<tenure::Item> item = lane.pop(30s);
  if (!item && item.error().code == tenure::Errc::finished) {
    return std::nullopt;
  }
  return or_throw(std::move(item));
}

std::uint64_t release_torn(tenure::View& view) {
  const tenure::Result<void> released = view.release();
  if (!released && released.error().code != tenure::Errc::torn) {
    throw tenure::Failure(released.error());
  }
  return released ? 0 : 1;
}

}  // namespace digits

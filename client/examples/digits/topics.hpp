// SPDX-License-Identifier: Apache-2.0
/// The two topics that the processes of this example share: their names, schemas and notes.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tenure/tenure.hpp>

#include "client/examples/digits/network.hpp"

namespace digits {

inline constexpr const char* kBatchesTopic = "digits/batches";
inline constexpr const char* kWeightsTopic = "digits/weights";
inline constexpr std::size_t kBatchSize = 32;

/// {images uint8 [32, 8, 8], labels uint8 [32]}, lossless: the trainer sees every batch. Tag:
/// epoch.
[[nodiscard]] tenure::TopicOptions batches_topic();
/// {w1, b1, w2, b2} float32, the newest few: evaluators may skip. Tag: step.
[[nodiscard]] tenure::TopicOptions weights_topic();

/// The note of a bundle after which more follow, and that of the last one of a stream.
[[nodiscard]] tenure::Note more_follow(std::uint64_t tag) noexcept;
[[nodiscard]] tenure::Note last_of_all(std::uint64_t tag) noexcept;
/// Whether `bundle` carries the note of a last one.
[[nodiscard]] bool is_last(const tenure::Bundle& bundle) noexcept;

/// The samples of a batch, the weights of a network: where they lie in the bundle, nothing copied.
///
/// What a peer wrote is checked: throws tenure::Failure where the shapes do not fit.
[[nodiscard]] Samples samples_in(const tenure::Bundle& bundle);
[[nodiscard]] Weights weights_in(const tenure::Bundle& bundle);

/// Tensor bytes of a bundle.
[[nodiscard]] std::uint64_t size_bytes(const tenure::Bundle& bundle);

/// Lets `view` go. Returns 1 if what was read cannot be trusted (`torn`), else 0; throws on others.
[[nodiscard]] std::uint64_t release_torn(tenure::View& view);

}  // namespace digits

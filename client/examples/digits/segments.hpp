// SPDX-License-Identifier: Apache-2.0
/// What the processes of this example share, a queue and a topic: names, schemas, notes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <tenure/tenure.hpp>

#include "client/examples/digits/network.hpp"

namespace digits {

inline constexpr const char* kBatchesQueue = "digits/batches";
inline constexpr const char* kWeightsTopic = "digits/weights";
inline constexpr std::size_t kBatchSize = 32;

/// Lanes of the batches: as they were loaded, and with `x`, to be trained on.
inline constexpr std::size_t kRawLane = 0;
inline constexpr std::size_t kNormalisedLane = 1;

/// {raw uint8 [32, 8, 8], labels uint8 [32], ids uint32 [32], x float32 [32, 64]}. A preprocessor
/// writes `x` alone, which it does not read: a batch that it leaves half-done is repeated. Tag:
/// epoch.
[[nodiscard]] tenure::QueueOptions batches_queue();
/// {w1, b1, w2, b2} float32, the newest few: evaluators may skip. Tag: step.
[[nodiscard]] tenure::TopicOptions weights_topic();

/// The note of weights after which more follow, and that of the last ones.
[[nodiscard]] tenure::Note more_follow(std::uint64_t tag) noexcept;
[[nodiscard]] tenure::Note last_of_all(std::uint64_t tag) noexcept;
/// Whether `bundle` carries the note of a last one.
[[nodiscard]] bool is_last(const tenure::Bundle& bundle) noexcept;

/// The samples of a batch, their ids, what was made of them, the weights of a network: where they
/// lie in the bundle, nothing copied.
///
/// What a peer wrote is checked: throws tenure::Failure where the shapes do not fit.
[[nodiscard]] Samples samples_in(const tenure::Bundle& bundle);
[[nodiscard]] std::span<const std::uint32_t> ids_in(const tenure::Bundle& bundle);
[[nodiscard]] Batch normalised_in(const tenure::Bundle& bundle);
[[nodiscard]] Weights weights_in(const tenure::Bundle& bundle);

/// Tensor bytes of a bundle; of tensors that it leaves out, none.
[[nodiscard]] std::uint64_t size_bytes(const tenure::Bundle& bundle);

/// The next batch of a lane. Nothing: the queue has finished. Throws tenure::Failure on anything
/// else, and after 30 s without any.
[[nodiscard]] std::optional<tenure::Item> next(tenure::Consumer& lane);

/// Lets `view` go. Returns 1 if what was read cannot be trusted (`torn`), else 0; throws on others.
[[nodiscard]] std::uint64_t release_torn(tenure::View& view);

}  // namespace digits

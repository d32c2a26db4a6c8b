// SPDX-License-Identifier: Apache-2.0
/// What the verbs of queues have in common.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include <tenure/client.hpp>

#include "client/cli/context.hpp"

namespace tenure::cli {

/// A segment that the verb is not for; the hint has the verbs that are.
[[nodiscard]] Refusal other_kind(const SegmentInfo& info);

/// The queue `name`, within the timeout. Throws Refusal where it is none.
[[nodiscard]] SegmentInfo need_queue(const Context& context,
                                     Client& client,
                                     const std::string& name);

/// "lane 0"; "the parked".
[[nodiscard]] std::string format_lane(std::size_t lane);

/// The error with what a user wants to know: `empty`, `full` and `finished` come without words from
/// the data path.
[[nodiscard]] Refusal queue_refusal(const std::string& name, std::size_t lane, Error error);

/// The value; throws queue_refusal() where there is none.
template <class T>
T need_of_lane(const std::string& name, std::size_t lane, Result<T>&& result) {
  if (!result) {
    throw queue_refusal(name, lane, std::move(result).error());
  }
  if constexpr (!std::is_void_v<T>) {
    return *std::move(result);
  }
}

/// Bundles that wait for a consumer, in all lanes together, and those that consumers have.
[[nodiscard]] std::size_t count_queued(const SegmentInfo& info) noexcept;
[[nodiscard]] std::size_t count_taken(const SegmentInfo& info) noexcept;
/// How long the bundle that waits longest has waited; nothing where none does.
[[nodiscard]] std::optional<std::chrono::milliseconds> oldest_of(const SegmentInfo& info) noexcept;
/// Slots that are neither free nor have a bundle.
[[nodiscard]] std::size_t count_filling(const SegmentInfo& info) noexcept;

}  // namespace tenure::cli

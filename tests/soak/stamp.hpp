// SPDX-License-Identifier: Apache-2.0
/// Bundles that prove themselves: every word of the tensors, shape, tag and attributes follow from
/// the topic's nonce and the version.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/soak/board.hpp"

namespace tenure::soak {

[[nodiscard]] TopicOptions topic_options(const TopicSpec& spec);

/// Fills a draft in place as `version`. Errors: those of the draft
[[nodiscard]] Result<void> fill(Draft& draft, const TopicSpec& spec, std::uint64_t version);

/// Publishes `version` by copy; `words` is memory to build it in.
[[nodiscard]] Result<std::uint64_t> publish_copy(Publisher& publisher,
                                                 const TopicSpec& spec,
                                                 std::uint64_t version,
                                                 std::vector<std::uint64_t>& words);

/// What is wrong with a bundle that says it is `version`; empty: nothing. Up to 1 MiB every word is
/// read, of larger bundles every word of each eighth version and a word of every page else.
[[nodiscard]] std::string find_fault(const Bundle& bundle,
                                     const TopicSpec& spec,
                                     std::uint64_t version);

}  // namespace tenure::soak

// SPDX-License-Identifier: Apache-2.0
/// Bundles that prove themselves: every word of the tensor, the tag and the version say the same.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <tenure/tenure.hpp>

namespace tenure::test {

inline TopicOptions stamped_options(std::size_t size_bytes, std::size_t slots) {
  TopicOptions options;
  options.schema = {{"stamp", DType::uint64, {static_cast<std::int64_t>(size_bytes / 8)}}};
  options.slots = slots;
  options.terms.lifetime = Lifetime::persistent;
  options.terms.pages = Pages::small;  // Collapsing 128 MiB would take longer than the test.
  return options;
}

/// Publishes the next version, filled in place. `version` is what it will be.
inline Result<std::uint64_t> publish_stamped(Publisher& publisher, std::uint64_t version) {
  auto draft = publisher.draft();
  if (!draft) {
    return std::move(draft).error();
  }
  std::ranges::fill(or_throw(draft->span<std::uint64_t>("stamp")), version);
  or_throw(draft->set_note({.tag = version}));
  return publisher.publish(*std::move(draft));
}

/// Reopens a role whose topic has got fresh memory. Where leases are masked or refused, each new
/// publisher is let in to fresh memory, so a test that changes publishers has to expect it.
inline bool reopen_if_superseded(Role& role, const Error& error) {
  return error.code == Errc::superseded && role.reopen(std::chrono::seconds(20)).has_value();
}

/// Whether a bundle is one bundle: nothing of it was written by another publish.
inline bool is_whole(const Bundle& bundle, std::uint64_t version) {
  const auto words = bundle.span<std::uint64_t>("stamp");
  return words && bundle.note().tag == version &&
         std::ranges::all_of(*words, [&](std::uint64_t word) { return word == version; });
}

}  // namespace tenure::test

// SPDX-License-Identifier: Apache-2.0
#include "proto/os/kernel.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <string>

namespace tenure::os {
namespace {

constexpr std::array<std::string_view, 7> kFeatureNames{
    "noexec_seal", "collapse", "peer_pidfd", "pass_rights", "futex_waitv", "lease", "membarrier"};

// The first word of the mask for which `wanted(word)`.
template <class Wanted>
std::optional<std::string_view> find_word(std::string_view mask, Wanted wanted) noexcept {
  while (!mask.empty()) {
    const std::size_t comma = mask.find(',');
    if (const std::string_view word = mask.substr(0, comma); wanted(word)) {
      return word;
    }
    mask = comma == std::string_view::npos ? std::string_view{} : mask.substr(comma + 1);
  }
  return std::nullopt;
}

}  // namespace

bool is_masked_by(std::string_view mask, Feature feature) noexcept {
  const std::string_view name = kFeatureNames.at(static_cast<std::size_t>(feature));
  return find_word(mask, [&](std::string_view word) { return word == name || word == "all"; })
      .has_value();
}

std::optional<std::string_view> unknown_feature(std::string_view mask) noexcept {
  return find_word(mask, [](std::string_view word) {
    return word != "all" && std::ranges::find(kFeatureNames, word) == kFeatureNames.end();
  });
}

std::string feature_names() {
  std::string names;
  for (const std::string_view name : kFeatureNames) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return names;
}

bool is_unmasked(Feature feature) noexcept {
  static const std::string mask = [] {
    const char* text = std::getenv("TENURE_MASK");
    return std::string(text == nullptr ? "" : text);
  }();
  return !is_masked_by(mask, feature);
}

std::uint32_t page_bytes() noexcept {
  static const auto bytes = static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace tenure::os

// SPDX-License-Identifier: Apache-2.0
#include "proto/os/kernel.hpp"

#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <string>

namespace tenure::os {
namespace {

constexpr std::array<std::string_view, 6> kFeatureNames{
    "noexec_seal", "collapse", "peer_pidfd", "pass_rights", "futex_waitv", "lease"};

}  // namespace

bool is_masked_by(std::string_view mask, Feature feature) noexcept {
  const std::string_view wanted = kFeatureNames.at(static_cast<std::size_t>(feature));
  while (!mask.empty()) {
    const std::size_t comma = mask.find(',');
    const std::string_view name = mask.substr(0, comma);
    if (name == wanted || name == "all") {
      return true;
    }
    mask = comma == std::string_view::npos ? std::string_view{} : mask.substr(comma + 1);
  }
  return false;
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

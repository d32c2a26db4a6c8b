// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proto/os/kernel.hpp"
#include "tests/process/cli_fixture.hpp"
#include "tests/support/child.hpp"

namespace tenure {

inline constexpr std::uint64_t kPage = 4096;

/// With a buffer "pool" of 16 pages, each a grain.
class CliBuffer : public CliTest {
 protected:
  CliBuffer() { ok({"create", "pool", "--size", "64K"}); }

  /// A shell with the region as FD, then `script`.
  std::vector<std::string> with(const std::string& verb,
                                const std::string& region,
                                const std::string& script) const {
    return {verb, "pool", region, "--", "sh", "-c", "FD=${TENURE_REGION%%:*}; " + script};
  }
  nlohmann::json tokens() const {
    const auto report = tool({"tokens", "pool", "--json"}).json();
    return report["buffers"][0];
  }
  std::unique_ptr<support::RunningTool> start(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--socket", broker_.socket()});
    return std::make_unique<support::RunningTool>(std::move(arguments));
  }
};

}  // namespace tenure

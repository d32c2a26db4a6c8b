// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/process/cli_fixture.hpp"
#include "tests/support/child.hpp"

namespace tenure {

/// With a queue "q" of one number, eight slots and two lanes.
class CliQueue : public CliTest {
 protected:
  CliQueue() {
    ok({"create", "q", "x:int64:1", "--queue", "--slots", "8", "--lanes", "2"});
    write_npy("x.npy", DType::int64, {1});
  }

  /// Pushes by the tool, the tag being what tells bundles apart.
  void push(std::uint64_t tag) const { ok({"push", "q", "x.npy", "--tag", std::to_string(tag)}); }
  /// Pops by the tool; its line as JSON.
  [[nodiscard]] nlohmann::json pop(std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.begin(), {"pop", "q", "--json"});
    return tool(std::move(arguments)).json();
  }
  [[nodiscard]] SegmentInfo info() const { return or_throw(connect().inspect("q")); }
  std::unique_ptr<support::RunningTool> start(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--socket", broker_.socket()});
    return std::make_unique<support::RunningTool>(std::move(arguments),
                                                  support::ToolOptions{.directory = directory()});
  }
};

}  // namespace tenure

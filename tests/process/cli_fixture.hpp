// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tenure/tenure.hpp>

#include "client/cli/npy/npy.hpp"
#include "tests/process/cli_tool.hpp"
#include "tests/support/private_broker.hpp"

namespace tenure {

/// A broker of the test's own, the tool against it, and a directory that goes with it.
class CliTest : public testing::Test {
 protected:
  [[nodiscard]] support::ToolResult tool(std::vector<std::string> arguments,
                                         support::ToolOptions options = {}) const {
    arguments.insert(arguments.begin(), {"--socket", broker_.socket()});
    options.directory = options.directory.empty() ? directory() : options.directory;
    return support::run_tool(std::move(arguments), options);
  }
  /// The same where it must succeed; its standard output.
  std::string ok(std::vector<std::string> arguments) const {
    const auto result = tool(std::move(arguments));
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(result.errors, "");
    return result.output;
  }
  [[nodiscard]] Client connect() const {
    return or_throw(Client::connect({.socket = broker_.socket(), .name = "test"}));
  }
  [[nodiscard]] std::string directory() const { return broker_.directory(); }
  [[nodiscard]] std::string path(const std::string& name) const { return directory() + "/" + name; }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::set<std::string> names_in_directory() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory())) {
      names.insert(entry.path().filename());
    }
    return names;
  }
  /// A .npy file with bytes that differ from each other.
  std::string write_npy(const std::string& name,
                        DType dtype,
                        const std::vector<std::int64_t>& shape) const {
    std::string file = cli::npy_preamble(dtype, shape);
    std::uint64_t size = bits_of(dtype) / 8;
    for (const std::int64_t extent : shape) {
      size *= static_cast<std::uint64_t>(extent);
    }
    for (std::uint64_t i = 0; i < size; ++i) {
      file += static_cast<char>(dtype == DType::bool_ ? i % 2 : i * 37 + 11);
    }
    write(name, file);
    return file;
  }

  support::PrivateBroker broker_;
};

}  // namespace tenure

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/process/raw_client.hpp"
#include "tests/support/child.hpp"
#include "tests/support/private_broker.hpp"

namespace tenure::support {

/// A broker with the features of this kernel, and one with all of them masked.
class DaemonTest : public ::testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] bool is_masked() const { return GetParam()[0] != '\0'; }

  /// Open file descriptors of the broker; -1 where this user may not count them.
  [[nodiscard]] long fd_count() const {
    std::error_code refused;
    long count = 0;
    const std::string path = "/proc/" + std::to_string(broker.pid()) + "/fd";
    for (auto entry = std::filesystem::directory_iterator(path, refused);
         !refused && entry != std::filesystem::directory_iterator();
         entry.increment(refused)) {
      ++count;
    }
    return refused ? -1 : count;
  }

  PrivateBroker broker{{.arguments = {"--budget", "512M"},
                        .environment = {std::string("TENURE_MASK=") + GetParam()}}};
};

inline std::string mask_name(const ::testing::TestParamInfo<const char*>& info) {
  return info.param[0] == '\0' ? "WithEverything" : "Masked";
}

#define TENURE_WITH_AND_WITHOUT_FEATURES(suite) \
  INSTANTIATE_TEST_SUITE_P(Kernel, suite, ::testing::Values("", "all"), mask_name)

}  // namespace tenure::support

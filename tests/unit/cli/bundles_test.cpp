// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/bundles.hpp"

#include <array>
#include <cstdint>

#include <gtest/gtest.h>

namespace tenure::cli {
namespace {

class BundleText : public testing::Test {
 protected:
  NamedTensor tensor(std::string_view name) const {
    return {.name = name,
            .tensor = or_throw(TensorView::of(std::span<const std::int32_t>(elements_), {2, 3}))};
  }
  std::array<std::int32_t, 6> elements_{};
};

TEST_F(BundleText, NamesTensorsWithTheirShapes) {
  EXPECT_EQ(format_tensors(std::vector<NamedTensor>{tensor("a"), tensor("b")}), "a[2,3] b[2,3]");
  EXPECT_EQ(format_tensors({}), "-");
}

TEST_F(BundleText, NamesTheFirstEight) {
  const std::vector<NamedTensor> nine(9, tensor("w"));
  EXPECT_TRUE(format_tensors(nine).ends_with(" w[2,3] +1"));
  EXPECT_EQ(format_tensors(std::span(nine).first(8)).find('+'), std::string::npos);
}

TEST_F(BundleText, EscapesNames) {
  EXPECT_EQ(format_tensors(std::vector<NamedTensor>{tensor("\x1b[m")}), "\\x1b[m[2,3]");
}

TEST_F(BundleText, CountsTensorsAndBytes) {
  const std::vector<NamedTensor> two(2, tensor("w"));
  EXPECT_EQ(count_tensors(two), "2 tensors");
  EXPECT_EQ(count_tensors(std::span(two).first(1)), "1 tensor");
  EXPECT_EQ(size_bytes(two), 48U);
  EXPECT_EQ(size_bytes({}), 0U);
}

}  // namespace
}  // namespace tenure::cli

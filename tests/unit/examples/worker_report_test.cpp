// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/worker.hpp"

#include <gtest/gtest.h>

namespace digits {
namespace {

TEST(Report, ReadsNumbersByName) {
  const Report report = Report::parse("step=470 loss=0.0312 version=47");
  EXPECT_EQ(report.count("step"), 470U);
  EXPECT_DOUBLE_EQ(report.number("loss"), 0.0312);
  EXPECT_EQ(report.count("version"), 47U);
}

TEST(Report, ReadsWhatAnEvaluatorHolds) {
  const Report report = Report::parse("viewing v60");
  EXPECT_TRUE(report.says("viewing"));
  EXPECT_EQ(report.count("viewing"), 60U);
}

TEST(Report, SaysNothingOfWhatTheLineLeavesOut) {
  const Report report = Report::parse("a line in words");
  EXPECT_FALSE(report.says("step"));
  EXPECT_EQ(report.count("step"), 0U);
}

}  // namespace
}  // namespace digits

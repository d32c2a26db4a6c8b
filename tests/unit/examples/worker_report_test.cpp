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

TEST(Report, ReadsThatAPreprocessorHolds) {
  const Report report = Report::parse("holding epoch=6 batches=118");
  EXPECT_TRUE(report.says("holding"));
  EXPECT_EQ(report.count("epoch"), 6U);
  EXPECT_EQ(report.count("batches"), 118U);
  EXPECT_FALSE(Report::parse("batches=118").says("holding"));
}

TEST(Report, KeepsAllDigitsOfAChecksum) {
  const Report report = Report::parse("checksum=281474976710655");
  EXPECT_EQ(report.count("checksum"), 281'474'976'710'655U);
}

TEST(Report, SaysNothingOfWhatTheLineLeavesOut) {
  const Report report = Report::parse("a line in words");
  EXPECT_FALSE(report.says("step"));
  EXPECT_EQ(report.count("step"), 0U);
}

}  // namespace
}  // namespace digits

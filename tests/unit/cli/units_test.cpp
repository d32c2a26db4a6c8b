// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/units.hpp"

#include <gtest/gtest.h>

namespace tenure::cli {
namespace {

using namespace std::chrono_literals;

TEST(FormatBytes, UsesTheLargestBinaryUnitBelowTheNumber) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.0 KiB");
  EXPECT_EQ(format_bytes(38400), "37.5 KiB");
  EXPECT_EQ(format_bytes(4ULL * 1080 * 1920 * 3), "23.7 MiB");
  EXPECT_EQ(format_bytes(8375186227ULL), "7.8 GiB");
}

TEST(FormatBytes, NeverPrintsAThousandAndTwentyFour) {
  EXPECT_EQ(format_bytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(format_bytes(1024ULL * 1024 * 1024 - 1), "1.0 GiB");
}

TEST(FormatBytes, HasAUnitForTheLargestNumber) {
  EXPECT_EQ(format_bytes(18446744073709551615ULL), "16.0 EiB");
}

TEST(FormatAge, IsShortAtEveryScale) {
  EXPECT_EQ(format_age(850us), "0 ms");
  EXPECT_EQ(format_age(12ms), "12 ms");
  EXPECT_EQ(format_age(2100ms), "2.1 s");
  EXPECT_EQ(format_age(9949ms), "9.9 s");
  EXPECT_EQ(format_age(9950ms), "9 s");
  EXPECT_EQ(format_age(41s), "41 s");
  EXPECT_EQ(format_age(5min), "5 min");
  EXPECT_EQ(format_age(30h), "30 h");
  EXPECT_EQ(format_age(72h), "3 d");
}

TEST(FormatAge, TreatsAClockThatWentBackAsNow) {
  EXPECT_EQ(format_age(-1s), "0 ms");
}

TEST(FormatInterval, KeepsThreeDigits) {
  EXPECT_EQ(format_interval(85ns), "85.0 ns");
  EXPECT_EQ(format_interval(999ns), "999 ns");
  EXPECT_EQ(format_interval(1000ns), "1.00 us");
  EXPECT_EQ(format_interval(16'700us), "16.7 ms");
  EXPECT_EQ(format_interval(2090ms), "2.09 s");
}

TEST(FormatInterval, CarriesIntoTheNextUnit) {
  EXPECT_EQ(format_interval(999'900ns), "1.00 ms");
}

TEST(ParseDuration, ReadsEveryUnit) {
  EXPECT_EQ(parse_duration("5ns"), 5ns);
  EXPECT_EQ(parse_duration("20us"), 20us);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("2min"), 2min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("0"), 0ns);
  EXPECT_EQ(parse_duration("forever"), std::chrono::nanoseconds::max());
}

TEST(ParseDuration, RefusesWhatIsNone) {
  for (const char* text : {"",
                           "10",
                           "s",
                           "-1s",
                           "1 s",
                           "1sec",
                           "1s ",
                           "nan",
                           "inf",
                           "1e400s",
                           "1e3s",
                           "0x10s",
                           "10ss",
                           "99999999999h"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(FormatNumber, HasAsManyDigitsAsAskedFor) {
  EXPECT_EQ(format_number(0.375, 2), "0.38");
  EXPECT_EQ(format_number(1e6, 1), "1000000.0");
  EXPECT_EQ(format_number(2.5, 0), "2");
}

}  // namespace
}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/regions.hpp"

#include <gtest/gtest.h>

namespace tenure::cli {
namespace {

TEST(Regions, SizesHaveTheLargestUnitThatFits) {
  EXPECT_EQ(format_size(0), "0");
  EXPECT_EQ(format_size(4095), "4095");
  EXPECT_EQ(format_size(4096), "4K");
  EXPECT_EQ(format_size(std::uint64_t{160} << 20U), "160M");
  EXPECT_EQ(format_size(std::uint64_t{1} << 30U), "1G");
  EXPECT_EQ(format_size((std::uint64_t{1} << 30U) + 4096), "1048580K");
  EXPECT_EQ(format_size(std::uint64_t{2048} << 40U), "2048T");
}

TEST(Regions, SizesAreReadBack) {
  for (const std::uint64_t bytes : {std::uint64_t{0},
                                    std::uint64_t{1},
                                    std::uint64_t{4096},
                                    std::uint64_t{65536},
                                    std::uint64_t{3} << 40U,
                                    ~std::uint64_t{0}}) {
    EXPECT_EQ(read_size(format_size(bytes)), bytes);
  }
  EXPECT_EQ(read_size("64KiB"), 65536U);
  EXPECT_EQ(read_size("64B"), 64U);
}

TEST(Regions, SizesThatAreNoneAreRefused) {
  for (const char* text : {"",
                           "K",
                           "-1",
                           "1.5G",
                           "64k",
                           "64KB",
                           "64 K",
                           "1Q",
                           "KiB",
                           "18446744073709551616",
                           "16777216T"}) {
    EXPECT_FALSE(read_size(text)) << text;
  }
}

TEST(Regions, RangesAreReadAndWritten) {
  EXPECT_EQ(format_region({0, 65536}), "0..64K");
  EXPECT_EQ(read_region("0..64K"), (Region{0, 65536}));
  EXPECT_EQ(read_region("4096..8192"), (Region{4096, 8192}));
  EXPECT_EQ(read_region("8K..4K"), (Region{8192, 4096}));  // For the broker to refuse.
  for (const char* text : {"", "..", "0..", "..4K", "0-4K", "0...4K", "layer3.w", "0..4K..8K"}) {
    EXPECT_FALSE(read_region(text)) << text;
  }
}

TEST(Regions, GrainsAreCounted) {
  EXPECT_EQ(format_grains(1 << 20, 1 << 16), "1.0 MiB in 16 grains of 64.0 KiB");
  EXPECT_EQ(format_grains(4096, 4096), "4.0 KiB in 1 grain of 4.0 KiB");
  EXPECT_EQ(format_grains(12288, 8192), "12.0 KiB in 2 grains of 8.0 KiB");
}

}  // namespace
}  // namespace tenure::cli

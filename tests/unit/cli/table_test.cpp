// SPDX-License-Identifier: Apache-2.0
#include "client/cli/text/table.hpp"

#include <gtest/gtest.h>

#include "client/cli/text/cells.hpp"

namespace tenure::cli {
namespace {

TEST(Table, AlignsEveryColumnToItsWidestCell) {
  Table table({{"NAME"}, {"SIZE", Align::right}, {"STATE"}});
  table.add({"cam/0", "23.7 MiB", "v18422"});
  table.add({"weights", "9 B", "empty"});
  EXPECT_EQ(table.text({}),
            "NAME         SIZE  STATE\n"
            "cam/0    23.7 MiB  v18422\n"
            "weights       9 B  empty\n");
}

TEST(Table, CountsTheCellsOfATerminalNotBytes) {
  Table table({{"N"}, {"X"}});
  table.add({"\xc3\xbc", "1"});
  table.add({"ab", "2"});
  EXPECT_EQ(table.rows_text(), "\xc3\xbc   1\nab  2\n");
}

TEST(Table, ShrinksTheColumnThatMayWhereTheTerminalIsNarrow) {
  Table table({{"NAME"}, {.title = "TENSORS", .shrinks_to = 8}, {"SIZE", Align::right}});
  table.add({"weights", "w1 float32[64,128]", "9 B"});
  table.add({"b", "x int8[]", "12 B"});
  EXPECT_EQ(table.text({.columns = 28}),
            "NAME     TENSORS        SIZE\n"
            "weights  w1 float32[6…   9 B\n"
            "b        x int8[]       12 B\n");
  EXPECT_EQ(table.text({.columns = 1}),
            "NAME     TENSORS   SIZE\n"
            "weights  w1 floa…   9 B\n"
            "b        x int8[]  12 B\n");
  EXPECT_EQ(table.text({}), table.text({.columns = 33}));
}

TEST(WidthOf, CountsCells) {
  EXPECT_EQ(width_of(""), 0U);
  EXPECT_EQ(width_of("gr\xc3\xbc\xc3\x9f"), 4U);
  EXPECT_EQ(width_of("u\xcc\x88"), 1U);                 // A diaeresis of its own joins the u.
  EXPECT_EQ(width_of("\xe9\x87\x8d\xe3\x81\xbf"), 4U);  // Two ideographs of two cells.
  EXPECT_EQ(width_of("\xff"), 1U);
}

TEST(CutTo, KeepsWholeCharacters) {
  EXPECT_EQ(cut_to("abc", 3), "abc");
  EXPECT_EQ(cut_to("abcd", 3), "ab…");
  EXPECT_EQ(cut_to("\xe9\x87\x8d\xe3\x81\xbf", 3), "\xe9\x87\x8d…");
  EXPECT_EQ(cut_to("\xe9\x87\x8d\xe3\x81\xbf", 2), "…");
  EXPECT_EQ(cut_to("abc", 0), "");
}

TEST(Table, HoldsAColumnAtItsLeastWidth) {
  Table table({{"A", Align::right, 5}, {"B"}});
  table.add({"1", "2"});
  EXPECT_EQ(table.rows_text(), "    1  2\n");
}

TEST(Table, LeavesNoSpaceAtTheEndOfALine) {
  Table table({{"A"}, {"BBBB"}});
  table.add({"1", ""});
  EXPECT_EQ(table.text({}), "A  BBBB\n1\n");
}

TEST(Style, ColoursOnlyWhereItIsWanted) {
  EXPECT_EQ(Style{.uses_colour = false}.heading("NAME"), "NAME");
  EXPECT_EQ(Style{.uses_colour = true}.heading("NAME"), "\x1b[1mNAME\x1b[0m");
}

TEST(Printable, LeavesTextAlone) {
  EXPECT_EQ(printable("w1 gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x88"),
            "w1 gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x88");
}

TEST(Printable, DisarmsWhatDrivesATerminal) {
  EXPECT_EQ(printable("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(printable("a\nb\r\x7f"), "a\\x0ab\\x0d\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // CSI as one C1 character.
}

TEST(Printable, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");                    // Overlong.
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // A surrogate.
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // Beyond U+10FFFF.
  EXPECT_EQ(printable("a\xe2\x82"), "a\\xe2\\x82");                  // Cut off.
}

}  // namespace
}  // namespace tenure::cli

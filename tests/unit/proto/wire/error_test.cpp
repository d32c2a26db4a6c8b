// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdint>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <tenure/result.hpp>

#include "proto/wire/error_names.hpp"

namespace tenure {
namespace {

// Every code from 0 up to `kBeyond` that has a name.
constexpr std::int32_t kBeyond = 1000;

std::set<std::int32_t> named_codes() {
  std::set<std::int32_t> codes;
  for (std::int32_t number = -1; number < kBeyond; ++number) {
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): numbers without a name, too
    if (name_of(static_cast<Errc>(number)) != "unknown") {
      codes.insert(number);
    }
  }
  return codes;
}

TEST(ErrorNames, NumbersAreThoseOfTheFirstRelease) {
  const std::set<std::int32_t> expected{1,  2,  3,  4,  5,  10, 11, 12, 20, 21, 22, 23, 24, 25, 26,
                                        30, 31, 32, 33, 34, 35, 40, 41, 50, 51, 52, 60, 70, 71};
  EXPECT_EQ(named_codes(), expected);
}

TEST(ErrorNames, EachNameLeadsBackToItsCode) {
  for (const std::int32_t number : named_codes()) {
    const auto code = static_cast<Errc>(number);
    EXPECT_EQ(wire::code_of(name_of(code)), code) << number;
  }
}

TEST(ErrorNames, NoTwoCodesShareAName) {
  std::set<std::string_view> names;
  for (const std::int32_t number : named_codes()) {
    names.insert(name_of(static_cast<Errc>(number)));
  }
  EXPECT_EQ(names.size(), named_codes().size());
}

TEST(ErrorNames, StrangeNameHasNoCode) {
  EXPECT_EQ(wire::code_of("unknown"), std::nullopt);
  EXPECT_EQ(wire::code_of("Held"), std::nullopt);
  EXPECT_EQ(wire::code_of(""), std::nullopt);
}

TEST(ErrorMessage, SaysCodeDetailAndHint) {
  const Error error{.code = Errc::held, .detail = "pool: by trainer", .hint = "wait"};
  EXPECT_EQ(error.message(), "held: pool: by trainer (wait)");
}

TEST(ErrorMessage, IsTheCodeAloneOnTheDataPath) {
  EXPECT_EQ(Error{.code = Errc::torn}.message(), "torn");
}

TEST(ErrorMessage, NamesTheErrnoWhereThereIsNoDetail) {
  EXPECT_EQ((Error{.code = Errc::no_memory, .sys_errno = ENOSPC}.message()),
            "no_memory: No space left on device");
  EXPECT_EQ((Error{.code = Errc::no_memory, .sys_errno = 99999}.message()),
            "no_memory: errno 99999");
}

TEST(ErrorMessage, IsOneLineWhateverTheDetailHolds) {
  const Error error{.code = Errc::held, .detail = "a\nb\tc\x7f\x1b[31m"};
  EXPECT_EQ(error.message(), "held: a b c  [31m");
}

TEST(Result, ThrowsItsErrorWhereThereIsNoValue) {
  Result<int> result(Error{.code = Errc::quota, .count = 7});
  try {
    static_cast<void>(or_throw(std::move(result)));
    FAIL() << "no exception";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().code, Errc::quota);
    EXPECT_EQ(failure.error().count, 7U);
  }
}

}  // namespace
}  // namespace tenure

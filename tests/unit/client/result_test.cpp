// SPDX-License-Identifier: Apache-2.0
#include <tenure/result.hpp>

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace tenure {
namespace {

TEST(Result, GivesACopyOrTheOtherValueWhereItIsKept) {
  const Result<std::string> text = std::string("seven");
  EXPECT_EQ(text.value_or("none"), "seven");
  EXPECT_EQ(text.value(), "seven");
  const Result<std::string> refused = Error{.code = Errc::empty};
  EXPECT_EQ(refused.value_or("none"), "none");
}

TEST(Result, GivesAwayWhatCannotBeCopied) {
  EXPECT_EQ(*Result<std::unique_ptr<int>>(std::make_unique<int>(7)).value_or(nullptr), 7);
  EXPECT_EQ(Result<std::unique_ptr<int>>(Error{}).value_or(nullptr), nullptr);
}

TEST(Result, ThrowsFailureWithItsErrorWhereThereIsNoValue) {
  const Result<int> refused = Error{.code = Errc::denied, .detail = "no right w"};
  try {
    (void)refused.value();
    FAIL() << "nothing was thrown";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().code, Errc::denied);
    EXPECT_EQ(failure.error().detail, "no right w");
  }
}

}  // namespace
}  // namespace tenure

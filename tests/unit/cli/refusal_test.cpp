// SPDX-License-Identifier: Apache-2.0
#include "client/cli/refusal.hpp"

#include <gtest/gtest.h>

namespace tenure::cli {
namespace {

TEST(ExitFor, GivesEveryCodeItsClass) {
  const std::pair<Errc, Exit> cases[] = {{Errc::not_found, Exit::not_found},
                                         {Errc::exists, Exit::failed},
                                         {Errc::denied, Exit::denied},
                                         {Errc::unsupported, Exit::failed},
                                         {Errc::bad_request, Exit::failed},
                                         {Errc::quota, Exit::failed},
                                         {Errc::no_memory, Exit::failed},
                                         {Errc::too_many, Exit::failed},
                                         {Errc::held, Exit::busy},
                                         {Errc::has_publisher, Exit::busy},
                                         {Errc::has_children, Exit::busy},
                                         {Errc::attached, Exit::busy},
                                         {Errc::not_attached, Exit::busy},
                                         {Errc::needs_grain, Exit::busy},
                                         {Errc::still_mapped, Exit::busy},
                                         {Errc::timed_out, Exit::busy},
                                         {Errc::cancelled, Exit::failed},
                                         {Errc::full, Exit::busy},
                                         {Errc::empty, Exit::busy},
                                         {Errc::finished, Exit::finished},
                                         {Errc::gap, Exit::failed},
                                         {Errc::torn, Exit::damaged},
                                         {Errc::poisoned, Exit::damaged},
                                         {Errc::stale, Exit::failed},
                                         {Errc::superseded, Exit::failed},
                                         {Errc::forked, Exit::failed},
                                         {Errc::broker_gone, Exit::no_broker},
                                         {Errc::too_old, Exit::too_old},
                                         {Errc::corrupt, Exit::damaged}};
  for (const auto& [code, exit] : cases) {
    EXPECT_EQ(exit_for(code), exit) << tenure::name_of(code);
  }
}

TEST(DetailOf, DropsWhatTheReportHasSaidAlready) {
  EXPECT_EQ(detail_of("cam/1", {.code = Errc::not_found, .detail = "cam/1: no such name"}),
            "no such name");
  EXPECT_EQ(detail_of("w", {.code = Errc::has_publisher, .detail = "has_publisher: camera"}),
            "camera");
  EXPECT_EQ(detail_of("w", {.code = Errc::held, .detail = "w: held: by camera"}), "by camera");
}

TEST(DetailOf, KeepsWhatOnlyLooksAlike) {
  EXPECT_EQ(detail_of("w", {.code = Errc::held, .detail = "w1: is held"}), "w1: is held");
  EXPECT_EQ(detail_of("w", {.code = Errc::held, .detail = ":x"}), ":x");
}

TEST(DetailOf, DropsTheColonAfterANameThatIsEmpty) {
  EXPECT_EQ(detail_of("", {.code = Errc::bad_request, .detail = ": name"}), "name");
}

TEST(NeedUtf8, NamesTheByte) {
  EXPECT_NO_THROW(need_utf8("NAME", "gr\xc3\xbc\xc3\x9f"));
  try {
    need_utf8("NAME", "\xc3\xbcx\xff");
    FAIL() << "nothing was thrown";
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.error().code, Errc::bad_request);
    EXPECT_EQ(refusal.error().detail, "NAME: byte 3 is 0xff, which is not UTF-8");
  }
}

TEST(Need, ThrowsWhatTheResultSays) {
  EXPECT_EQ(need("w", Result<int>(7)), 7);
  try {
    need("w", Result<int>(Error{.code = Errc::denied, .detail = "no right w"}));
    FAIL() << "nothing was thrown";
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.subject(), "w");
    EXPECT_EQ(refusal.error().code, Errc::denied);
  }
}

}  // namespace
}  // namespace tenure::cli

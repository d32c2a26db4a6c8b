// SPDX-License-Identifier: Apache-2.0
// What a broker says to requests about queues that lack something or say something else.
#include <string>

#include <gtest/gtest.h>

#include "tests/protocol/goldens.hpp"
#include "tests/protocol/refusal.hpp"

namespace tenure::wire {
namespace {

constexpr const char* kNotU64 = "is not an integer from 0 to 18446744073709551615";
constexpr const char* kNotU32 = "is not an integer from 0 to 4294967295";

std::string with(const std::string& member) {
  return R"("kind":"queue","name":"q","schema":[],)" + member;
}

TEST(BadQueueRequest, NamesTheMissingField) {
  expect_field_refused("create", R"("kind":"queue")", "name: is missing");
  expect_field_refused("create", R"("kind":"queue","name":"q")", "schema: is missing");
  expect_field_refused("open", R"("name":"q","lane":0)", "as: is missing");
}

TEST(BadQueueRequest, NamesTheCountOutOfRange) {
  for (const std::string member : {"slots", "lanes", "max_deliveries", "attribute_bytes"}) {
    for (const std::string value : {"-1", "1.5", "null", "[]", "\"x\"", "18446744073709551616"}) {
      expect_field_refused(
          "create", with("\"" + member + "\":" + value), joined({member, ": ", kNotU64}));
    }
  }
}

TEST(BadQueueRequest, NamesTheChoiceThatIsNone) {
  for (const std::string value : {"\"drop\"", "\"\"", "\"Wait\"", "1", "true", "null"}) {
    expect_field_refused(
        "create", with(R"("when_full":)" + value), "when_full: is none of wait drop_oldest");
    expect_field_refused(
        "create", with(R"("consume":)" + value), "consume: is none of read in_place repeatable");
    expect_field_refused("create", with(R"("stamp":)" + value), "stamp: is none of none monotonic");
  }
}

TEST(BadQueueRequest, NamesTheFieldOfItsTerms) {
  expect_field_refused(
      "create", with(R"("lifetime":"x")"), "lifetime: is none of session persistent");
  expect_field_refused("create", with(R"("pages":"x")"), "pages: is none of huge small");
  expect_field_refused("create", with(R"("mode":"rwx")"), joined({"mode: ", kNotU32}));
  expect_field_refused("create", with(R"("gid":-1)"), joined({"gid: ", kNotU32}));
}

TEST(BadQueueRequest, NamesTheFieldOfItsSchema) {
  expect_field_refused(
      "create", R"("kind":"queue","name":"q","schema":{})", "schema: is not an array");
  expect_field_refused(
      "create", R"("kind":"queue","name":"q","schema":[{}])", "schema[0].name: is missing");
  expect_field_refused(
      "create", with(R"("schema_in_fd":true)"), "schema: stands beside schema_in_fd");
}

TEST(BadQueueRequest, NamesTheLaneThatIsNone) {
  for (const std::string lane : {"-1", "0.5", "4294967296", "\"parked\"", "null", "[0]"}) {
    expect_field_refused(
        "open", R"("name":"q","as":"consume","lane":)" + lane, joined({"lane: ", kNotU32}));
  }
  expect_field_refused("open",
                       R"("name":"q","as":"pop","lane":0)",
                       "as: is none of publish subscribe observe lend produce consume");
}

}  // namespace
}  // namespace tenure::wire

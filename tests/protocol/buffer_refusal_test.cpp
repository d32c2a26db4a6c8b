// SPDX-License-Identifier: Apache-2.0
// What a broker says to requests about buffers and tokens that lack something or say something
// else.
#include <string>

#include <gtest/gtest.h>

#include "tests/protocol/goldens.hpp"
#include "tests/protocol/refusal.hpp"

namespace tenure::wire {
namespace {

constexpr const char* kNotU64 = "is not an integer from 0 to 18446744073709551615";
constexpr const char* kNotU32 = "is not an integer from 0 to 4294967295";
constexpr const char* kNotDuration = "is not an integer from 0 to 9223372036854775807";

// `member` of `op`, behind `others`, has none of the values.
void expect_no_integer(const std::string& op,
                       const std::string& others,
                       const std::string& member,
                       const std::string& why) {
  for (const std::string value : {"-1", "1.5", "null", "[]", "\"x\"", "18446744073709551616"}) {
    expect_field_refused(op, others + "\"" + member + "\":" + value, member + ": " + why);
  }
}

TEST(BadBufferRequest, NamesTheMissingField) {
  expect_field_refused("create", R"("kind":"buffer")", "name: is missing");
  expect_field_refused("create", R"("kind":"buffer","name":"p")", "size_bytes: is missing");
  expect_field_refused(
      "create", R"("kind":"buffer","name":"p","size_bytes":4096)", "schema: is missing");
  expect_field_refused("lend", R"("regions":[])", "mode: is missing");
  expect_field_refused("lend", R"("mode":"borrow")", "regions: is missing");
  expect_field_refused("claim", R"("mode":"borrow")", "ticket: is missing");
  expect_field_refused("tokens", R"("after_token":0)", "name: is missing");
}

TEST(BadBufferRequest, NamesTheMissingToken) {
  for (const std::string op :
       {"release", "transfer", "attach", "detach", "acknowledge", "revoke"}) {
    expect_field_refused(op, R"("x":0)", "token: is missing");
    expect_no_integer(op, "", "token", kNotU64);
  }
}

TEST(BadBufferRequest, NamesTheFieldOfABuffersOptions) {
  const std::string named = R"("kind":"buffer","name":"p",)";
  expect_no_integer("create", named, "size_bytes", kNotU64);
  const std::string buffer = named + R"("size_bytes":4096,)";
  expect_no_integer("create", buffer, "grain_bytes", kNotU64);
  const std::string whole = buffer + R"("schema":[],)";
  expect_field_refused("create", whole + R"("root":"uid")", "root: is none of creator broker");
  expect_field_refused("create", whole + R"("root":0)", "root: is none of creator broker");
  expect_field_refused(
      "create", whole + R"("handover":true)", "handover: is none of share isolate");
  expect_field_refused(
      "create", whole + R"("lifetime":"x")", "lifetime: is none of session persistent");
  expect_no_integer("create", whole, "mode", kNotU32);
  expect_no_integer("create", whole, "gid", kNotU32);
  expect_field_refused(
      "create", whole + R"("schema_in_fd":true)", "schema: stands beside schema_in_fd");
}

TEST(BadBufferRequest, NamesTheFieldOfAPlacedSchema) {
  const auto with = [](const std::string& entry) {
    return R"("kind":"buffer","name":"p","size_bytes":4096,"schema":[)" + entry + "]";
  };
  expect_field_refused("create", with("7"), "schema[0]: is not an object");
  expect_field_refused("create", with(R"({"offset_bytes":0})"), "schema[0].name: is missing");
  expect_field_refused("create",
                       with(R"({"name":"b","dtype":"int8","shape":[],"offset_bytes":-4096})"),
                       joined({"schema[0].offset_bytes: ", kNotU64}));
}

TEST(BadBufferRequest, WithAKindThatIsNoTextIsNoTopicEither) {
  for (const std::string kind : {"7", "null", "[\"buffer\"]", "{}", "true"}) {
    expect_field_refused("create",
                         R"("name":"p","size_bytes":4096,"schema":[],"kind":)" + kind,
                         "kind: is not a string");
  }
}

TEST(BadBufferRequest, NamesTheFieldOfALend) {
  const std::string lend = R"("mode":"freeze","regions":[{"begin":0,"end":4096}],)";
  expect_no_integer("lend", lend, "handle", kNotU64);
  expect_no_integer("lend", lend, "issuer", kNotU64);
  expect_field_refused("lend", lend + R"("layout":{})", "layout: is not a string");
  expect_field_refused("lend", lend + R"("timeout_ns":-1)", joined({"timeout_ns: ", kNotDuration}));
  for (const std::string mode : {"\"write\"", "\"\"", "\"Borrow\"", "0", "null"}) {
    expect_field_refused(
        "lend", R"("regions":[],"mode":)" + mode, "mode: is none of borrow freeze");
  }
}

TEST(BadBufferRequest, NamesTheFieldOfARegion) {
  const auto with = [](const std::string& regions) {
    return R"("mode":"borrow","regions":)" + regions;
  };
  expect_field_refused("lend", with("{}"), "regions: is not an array");
  expect_field_refused("lend", with("[0]"), "regions[0]: is not an object");
  expect_field_refused(
      "lend", with(R"([{"begin":0,"end":1},{"end":1}])"), "regions[1].begin: is missing");
  expect_field_refused("lend", with(R"([{"begin":0}])"), "regions[0].end: is missing");
  expect_field_refused(
      "lend", with(R"([{"begin":0,"end":-4096}])"), joined({"regions[0].end: ", kNotU64}));
}

TEST(BadBufferRequest, NamesTheFieldOfATransfer) {
  const std::string transfer = R"("token":7,)";
  for (const std::string life : {"-1", "0.5", "\"forever\"", "9223372036854775808"}) {
    expect_field_refused("transfer",
                         transfer + R"("expires_in_ms":)" + life,
                         joined({"expires_in_ms: ", kNotDuration}));
  }
  expect_no_integer("transfer", transfer, "to_uid", kNotU32);
  expect_no_integer("transfer", transfer, "to_session", kNotU32);
}

TEST(BadBufferRequest, NamesTheFieldOfAClaim) {
  expect_field_refused("claim", R"("ticket":7)", "ticket: is not a string");
  expect_field_refused("claim", R"("ticket":"t","mode":"write")", "mode: is none of borrow freeze");
  expect_field_refused("claim", R"("ticket":"t","mode":null)", "mode: is none of borrow freeze");
}

TEST(BadBufferRequest, NamesTheFieldOfAnAttach) {
  expect_no_integer("attach", R"("token":7,)", "from_bytes", kNotU64);
  expect_no_integer("attach", R"("token":7,)", "again_to_bytes", kNotU64);
}

TEST(BadBufferRequest, NamesTheFieldOfAQuestion) {
  expect_no_integer("wait_returned", "", "handle", kNotU64);
  expect_no_integer("wait_returned", "", "token", kNotU64);
  expect_field_refused(
      "wait_returned", R"("timeout_ns":"never")", joined({"timeout_ns: ", kNotDuration}));
  expect_field_refused("tokens", R"("name":7)", "name: is not a string");
  expect_no_integer("tokens", R"("name":"p",)", "after_token", kNotU64);
  expect_no_integer("tokens", R"("name":"p",)", "after_turn", kNotU64);
}

}  // namespace
}  // namespace tenure::wire

// SPDX-License-Identifier: Apache-2.0
#include "proto/wire/codec.hpp"
#include "tests/unit/daemon/registry_fixture.hpp"

namespace tenure::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class RegistryCreate : public RegistryTest {};

TEST_F(RegistryCreate, EqualDeclarationSucceedsAndChangesNothing) {
  const auto session = connect(1);
  must_declare(session, "a", options());
  const std::uint64_t used = registry.used_bytes();
  const auto again = declare(session, "a", options());
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->existed);
  EXPECT_EQ(registry.used_bytes(), used);
}

TEST_F(RegistryCreate, ExistsNamesTheFirstDifference) {
  const auto session = connect(1);
  must_declare(session, "a", options());
  const auto difference = [&](auto change) {
    TopicOptions other = options();
    change(other);
    const auto declared = declare(session, "a", other);
    return declared ? std::string("none") : declared.error().detail;
  };
  EXPECT_EQ(difference([](TopicOptions& o) { o.slots = 8; }), "slots: 4 there, 8 asked for");
  EXPECT_THAT(difference([](TopicOptions& o) { o.subscribers = 7; }), HasSubstr("subscribers: 63"));
  EXPECT_THAT(difference([](TopicOptions& o) { o.attribute_bytes = 0; }),
              HasSubstr("attribute_bytes: 256"));
  EXPECT_THAT(difference([](TopicOptions& o) { o.schema[0].shape = {63}; }),
              HasSubstr("schema[0]: image uint8[64] there, image uint8[63]"));
  EXPECT_THAT(difference([](TopicOptions& o) { o.schema[0].dtype = DType::int8; }),
              HasSubstr("image int8[64]"));
  EXPECT_THAT(difference([](TopicOptions& o) { o.schema.push_back({"b", DType::int8, {1}}); }),
              HasSubstr("schema: 1 tensors there, 2"));
  EXPECT_THAT(difference([](TopicOptions& o) { o.retention = Retention::lossless; }),
              HasSubstr("retention: overwrite there"));
  EXPECT_THAT(difference([](TopicOptions& o) { o.stamp = Stamp::monotonic; }),
              HasSubstr("stamp: none there"));
  EXPECT_THAT(difference([](TopicOptions& o) { o.terms.lifetime = Lifetime::persistent; }),
              HasSubstr("lifetime: session there"));
  EXPECT_THAT(difference([](TopicOptions& o) { o.terms.pages = Pages::small; }),
              HasSubstr("pages: huge there"));
  EXPECT_THAT(difference([](TopicOptions& o) { o.terms.mode = 0755; }),
              HasSubstr("mode: 0700 there, 0755"));
}

TEST_F(RegistryCreate, ExistsAlsoForAnOwnerWhoMayNotBeSeen) {
  must_declare(connect(1), "a", options());
  const auto declared = declare(connect(2), "a", options());
  ASSERT_FALSE(declared.has_value());
  EXPECT_EQ(declared.error().code, Errc::exists);
}

TEST_F(RegistryCreate, RefusesOptionsByTheNameOfTheField) {
  const auto session = connect(1);
  const auto refused = [&](auto change) {
    TopicOptions bad = options();
    change(bad);
    const auto declared = declare(session, "a", bad);
    EXPECT_FALSE(declared.has_value());
    EXPECT_EQ(declared ? Errc{0} : declared.error().code, Errc::bad_request);
    return declared ? std::string() : declared.error().detail;
  };
  EXPECT_THAT(refused([](TopicOptions& o) { o.slots = 0; }), HasSubstr("slots: 0"));
  EXPECT_THAT(refused([](TopicOptions& o) { o.slots = 65; }), HasSubstr("slots: 65"));
  EXPECT_THAT(refused([](TopicOptions& o) { o.subscribers = 0; }), HasSubstr("subscribers: 0"));
  EXPECT_THAT(refused([](TopicOptions& o) { o.subscribers = 1024; }), HasSubstr("subscribers"));
  EXPECT_THAT(refused([](TopicOptions& o) { o.attribute_bytes = 4097; }), HasSubstr("4097"));
  EXPECT_THAT(refused([](TopicOptions& o) { o.terms.mode = 01000; }), HasSubstr("mode"));
  EXPECT_THAT(refused([](TopicOptions& o) { o.lag_limit = std::chrono::milliseconds(0); }),
              HasSubstr("lag_limit: 0 ms"));
  EXPECT_THAT(refused([](TopicOptions& o) { o.schema.clear(); }), HasSubstr("schema: 0 tensors"));
  EXPECT_THAT(refused([](TopicOptions& o) {
                o.slots = 2;
                o.retention = Retention::lossless;
              }),
              HasSubstr("slots: 2; lossless needs at least 3"));
}

TEST_F(RegistryCreate, RefusesBadNames) {
  const auto session = connect(1);
  for (const char* name : {"", "/a", "a//b", "..", "a b", "a/"}) {
    const auto declared = declare(session, name, options());
    ASSERT_FALSE(declared.has_value()) << name;
    EXPECT_EQ(declared.error().code, Errc::bad_request) << name;
  }
}

TEST_F(RegistryCreate, GroupMustBeTheCallers) {
  const auto session = connect(1, 100);
  TopicOptions other = options();
  other.terms.gid = 200;
  const auto declared = declare(session, "a", other);
  ASSERT_FALSE(declared.has_value());
  EXPECT_EQ(declared.error().code, Errc::denied);
}

TEST_F(RegistryCreate, ShareOfTheBudgetIsHalfPerUidWithNumbers) {
  const auto session = connect(1);
  TopicOptions large = options();
  large.schema[0].shape = {20 * kMebibyte / 4};
  must_declare(session, "a", large);
  const auto declared = declare(session, "b", large);
  ASSERT_FALSE(declared.has_value());
  EXPECT_EQ(declared.error().code, Errc::quota);
  EXPECT_EQ(declared.error().count, 32 * kMebibyte);
  EXPECT_THAT(declared.error().detail, HasSubstr("of 33554432 in use"));
  EXPECT_EQ(refusal(session, "b", kObserve), Errc::not_found) << "a refused create leaves no name";
}

TEST_F(RegistryCreate, BudgetIsForEverybody) {
  TopicOptions large = options(Lifetime::persistent);
  large.schema[0].shape = {6 * kMebibyte};
  must_declare(connect(1), "a", large);
  must_declare(connect(2), "b", large);
  const auto declared = declare(connect(3), "c", large);
  ASSERT_FALSE(declared.has_value());
  EXPECT_EQ(declared.error().code, Errc::quota);
  EXPECT_EQ(declared.error().count, 64 * kMebibyte);
}

TEST_F(RegistryCreate, SegmentsPerUidAreLimited) {
  const auto session = connect(1);
  for (int i = 0; i < 8; ++i) {
    must_declare(session, "s" + std::to_string(i), options());
  }
  const auto declared = declare(session, "more", options());
  ASSERT_FALSE(declared.has_value());
  EXPECT_EQ(declared.error().code, Errc::quota);
  EXPECT_EQ(declared.error().count, 8U);
  must_declare(connect(2), "more", options());
}

TEST_F(RegistryCreate, FileDescriptorsRunOutByName) {
  Limits few = limits();
  few.fds = 10;
  Registry small(few);
  const auto session = small.add_session({.uid = 1, .pid = 1});
  ASSERT_TRUE(session.has_value());
  ASSERT_TRUE(
      small.declare({.session = *session, .request = 1}, {.name = "a", .options = options()}));
  const auto second =
      small.declare({.session = *session, .request = 2}, {.name = "b", .options = options()});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::too_many);
  EXPECT_EQ(second.error().count, 10U);
}

TEST_F(RegistryCreate, FailedMemoryLeavesNothing) {
  const auto session = connect(1);
  const auto declared = registry.declare(ask(session), {.name = "a", .options = options()});
  ASSERT_TRUE(declared.has_value());
  EXPECT_GT(registry.used_bytes(), 0U);
  EXPECT_THAT(registry.complete(declared->segment->memory.segment, false), SizeIs(1));
  EXPECT_EQ(registry.used_bytes(), 0U);
  must_declare(session, "a", options());
}

TEST_F(RegistryCreate, SecondCreatorWaitsForTheMemoryToo) {
  const auto first = connect(1);
  const auto second = connect(1);
  const Asker one = ask(first);
  const Asker two = ask(second);
  const auto declared = registry.declare(one, {.name = "a", .options = options()});
  ASSERT_TRUE(declared.has_value());
  const auto joined = registry.declare(two, {.name = "a", .options = options()});
  ASSERT_TRUE(joined.has_value());
  EXPECT_TRUE(joined->existed);
  EXPECT_EQ(refusal(first, "a", kObserve), Errc::not_found) << "not before its memory stands";
  EXPECT_THAT(registry.complete(declared->segment->memory.segment, true), ElementsAre(one, two));
}

TEST_F(RegistryCreate, RequestsInFlightAreLimited) {
  const auto session = connect(1);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(open(session, "later", kObserve, std::chrono::seconds(9)).has_value());
  }
  const auto declared = declare(session, "a", options());
  ASSERT_FALSE(declared.has_value());
  EXPECT_EQ(declared.error().code, Errc::too_many);
  EXPECT_EQ(declared.error().count, 3U);
  EXPECT_EQ(open(session, "x", kObserve, std::chrono::seconds(9)).error().code, Errc::too_many);
}

TEST_F(RegistryCreate, SessionsPerUidAreLimited) {
  for (int i = 0; i < 4; ++i) {
    connect(1);
  }
  const auto fifth = registry.add_session({.uid = 1});
  ASSERT_FALSE(fifth.has_value());
  EXPECT_EQ(fifth.error().code, Errc::quota);
  EXPECT_EQ(fifth.error().count, 4U);
  EXPECT_TRUE(registry.add_session({.uid = 2}).has_value());
}

TEST_F(RegistryCreate, SchemaIsCheckedBeforeItIsCompared) {
  const auto session = connect(1);
  must_declare(session, "a", options());
  TopicOptions topic = options();
  topic.schema[0].name = std::string(60'000, 'x');
  const Error error = declare(session, "a", topic).error();
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_LT(error.message().size(), 1000U);
}

TEST_F(RegistryCreate, LagLimitsAreCompared) {
  const auto session = connect(1);
  TopicOptions topic = options();
  topic.retention = Retention::lossless;
  must_declare(session, "a", topic);
  topic.lag_limit = std::chrono::seconds(1);
  EXPECT_THAT(declare(session, "a", topic).error().detail,
              HasSubstr("lag_limit: the default there, 1000 ms"));
}

TEST_F(RegistryCreate, LagLimitBelongsToLosslessRetention) {
  TopicOptions topic = options();
  topic.lag_limit = std::chrono::milliseconds(5);
  const Error error = declare(connect(1), "a", topic).error();
  EXPECT_EQ(error.code, Errc::bad_request);
  EXPECT_EQ(error.detail, "lag_limit: 5 ms; it belongs to lossless retention");
}

TEST_F(RegistryCreate, NameOfAnotherUidCannotBeRemovedFirst) {
  must_declare(connect(1), "a", options());
  EXPECT_EQ(declare(connect(2), "a", options()).error().hint, "choose another name");
}

TEST_F(RegistryCreate, LargeSchemaIsChargedWithItsText) {
  const auto session = connect(1);
  TopicOptions topic = options();
  for (int i = 0; i < 1000; ++i) {
    topic.schema.push_back({"tensor" + std::to_string(i), DType::uint8, {1}});
  }
  const auto declared = declare(session, "a", topic);
  ASSERT_TRUE(declared.has_value()) << declared.error().message();
  const TopicShape& shape = declared->segment->shape;
  EXPECT_GE(shape.schema_bytes, wire::encode_schema(topic.schema).size());
  EXPECT_EQ(registry.used_bytes(), shape.total_bytes() + shape.schema_bytes);
  EXPECT_EQ(declare(session, "b", options())->segment->shape.schema_bytes, 0U);
}

TEST_F(RegistryCreate, LongestTextOfASchemaIsNotLongerThanCharged) {
  TopicOptions topic = options();
  topic.schema.clear();
  const std::string rest = "\"\\" + std::string(200, '\x01');
  for (char first = 'A'; first <= 'Z'; ++first) {
    TensorSpec& spec = topic.schema.emplace_back();
    spec.name = first + rest;
    spec.dtype = DType::float8_e4m3fn;
    spec.shape = {10, 9, 1, 1};
  }
  const auto shape = shape_topic(topic, 4096);
  ASSERT_TRUE(shape.has_value()) << shape.error().message();
  EXPECT_GE(shape->schema_bytes, wire::encode_schema(topic.schema).size());
}

}  // namespace
}  // namespace tenure::core

// SPDX-License-Identifier: Apache-2.0
// What a program sees of a topic: bundles, handles and their lifetimes, notes, open
// dtypes.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <complex>
#include <cstring>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/process/stamped_topic.hpp"
#include "tests/process/topic_fixture.hpp"
#include "tests/support/child.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;

class TopicApi : public TopicTest {};

TEST_F(TopicApi, AssigningToADraftDropsTheOldOne) {
  or_throw(client_.create_topic(name_, one_tensor(DType::uint8, {8}, 3)));
  Publisher publisher = or_throw(client_.publisher(name_));
  Draft draft = or_throw(publisher.draft(kNoWait));
  Draft other = or_throw(publisher.draft(kNoWait));
  draft = std::move(other);
  EXPECT_EQ(publisher.publish(std::move(other)).error().code, Errc::stale);
  EXPECT_TRUE(publisher.draft(kNoWait));  // The slot of the first one.
}

TEST_F(TopicApi, ReusedSnapshotIsEmptyWhateverComesOfIt) {
  or_throw(client_.create_topic(name_, one_tensor(DType::uint8, {8})));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  Publisher publisher = or_throw(client_.publisher(name_));
  or_throw(publisher.publish(or_throw(publisher.draft())));
  Snapshot first = or_throw(subscriber.snapshot());
  const Snapshot second = or_throw(subscriber.snapshot(std::move(first)));
  EXPECT_EQ(first.tensor("x").error().code, Errc::stale);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(second.version(), 1U);
}

TEST_F(TopicApi, BundleArrivesAsItWasWritten) {
  TopicOptions options;
  options.schema = {
      {"w", DType::float32, {64, 10}}, {"b", DType::float64, {10}}, {"step", DType::int64, {}}};
  options.stamp = Stamp::monotonic;
  or_throw(client_.create_topic(name_, options));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  Draft draft = or_throw(publisher.draft());
  auto w = or_throw(draft.span<float>("w"));
  std::iota(w.begin(), w.end(), 1.0F);
  or_throw(draft.span<double>("b"))[9] = 2.5;
  or_throw(draft.span<std::int64_t>("step"))[0] = -7;
  const std::array<std::byte, 3> attributes{std::byte{1}, std::byte{2}, std::byte{3}};
  or_throw(draft.set_note({.tag = 99, .attributes = attributes}));
  EXPECT_EQ(or_throw(publisher.publish(std::move(draft))), 1U);

  const View view = or_throw(subscriber.next(20s));
  EXPECT_EQ(view.version(), 1U);
  EXPECT_EQ(view.missed(), 0U);
  EXPECT_EQ(view.note().tag, 99U);
  ASSERT_EQ(view.note().attributes.size(), 3U);
  EXPECT_EQ(view.note().attributes[2], std::byte{3});
  EXPECT_GT(view.published_at(), 0ns);
  const TensorView seen = or_throw(view.tensor("w"));
  EXPECT_EQ(seen.dtype(), DType::float32);
  EXPECT_EQ(std::vector<std::int64_t>(seen.shape().begin(), seen.shape().end()),
            (std::vector<std::int64_t>{64, 10}));
  EXPECT_EQ(or_throw(seen.as<float>())[639], 640.0F);
  EXPECT_EQ(or_throw(view.span<double>("b"))[9], 2.5);
  EXPECT_EQ(or_throw(view.span<std::int64_t>("step"))[0], -7);
  EXPECT_EQ(view.schema().size(), 3U);
}

TEST_F(TopicApi, AbsentTensorIsNotFoundAndComesBackNextTime) {
  TopicOptions options;
  options.schema = {{"a", DType::int32, {2}}, {"b", DType::int32, {2}}};
  options.slots = 1;  // The same slot each time: what it held before must not show.
  or_throw(client_.create_topic(name_, options));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber observer = or_throw(client_.subscriber(name_, {.access = Access::observe}));
  const std::array<std::int32_t, 2> values{3, 4};
  const TensorView tensor = or_throw(TensorView::of(std::span(std::as_const(values)), {2}));
  or_throw(publisher.publish({{"a", tensor}, {"b", tensor}}));
  const Snapshot both = or_throw(observer.snapshot());
  EXPECT_TRUE(both.tensor("b"));
  or_throw(publisher.publish({{"a", tensor}}));
  const Snapshot snapshot = or_throw(observer.snapshot());
  EXPECT_TRUE(snapshot.tensor("a"));
  EXPECT_EQ(snapshot.tensor("b").error().code, Errc::not_found);
  EXPECT_EQ(snapshot.tensor("c").error().code, Errc::not_found);
  EXPECT_EQ(snapshot.tensor().error().code, Errc::bad_request);
}

TEST_F(TopicApi, EveryDtypeAndRankTravels) {
  const std::vector<DType> dtypes{DType::int8,
                                  DType::int16,
                                  DType::int32,
                                  DType::int64,
                                  DType::uint8,
                                  DType::uint16,
                                  DType::uint32,
                                  DType::uint64,
                                  DType::float16,
                                  DType::float32,
                                  DType::float64,
                                  DType::bfloat16,
                                  DType::bool_,
                                  DType::complex64,
                                  DType::complex128,
                                  DType::float8_e5m2,
                                  DType::float8_e4m3fn,
                                  static_cast<DType>(0x10400),   // int4
                                  static_cast<DType>(0x42002)};  // 4 lanes of float32
  const std::vector<Shape> shapes{{},
                                  {5},
                                  {0},
                                  {2, 3},
                                  {4, 0, 2},
                                  {1, 2, 3, 2},
                                  {2, 1, 2, 1, 2},
                                  {2, 1, 2, 1, 2, 1},
                                  {1, 2, 1, 2, 1, 2, 1},
                                  {2, 1, 2, 1, 2, 1, 2, 1}};
  TopicOptions options;
  for (const DType dtype : dtypes) {
    for (const Shape& shape : shapes) {
      options.schema.push_back({"t" + std::to_string(options.schema.size()), dtype, shape});
    }
  }
  or_throw(client_.create_topic(name_, options));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  Draft draft = or_throw(publisher.draft());
  for (std::size_t i = 0; i < options.schema.size(); ++i) {
    const TensorSpan tensor = or_throw(draft.tensor(options.schema[i].name));
    std::memset(tensor.data(), static_cast<int>(i), tensor.size_bytes());
  }
  or_throw(publisher.publish(std::move(draft)));
  const View view = or_throw(subscriber.latest());
  for (std::size_t i = 0; i < options.schema.size(); ++i) {
    const TensorSpec& spec = options.schema[i];
    const TensorView tensor = or_throw(view.tensor(spec.name));
    EXPECT_EQ(tensor.dtype(), spec.dtype);
    EXPECT_EQ(Shape(tensor.shape()), spec.shape);
    EXPECT_TRUE(tensor.is_contiguous());
    for (std::uint64_t byte = 0; byte < tensor.size_bytes(); ++byte) {
      ASSERT_EQ(tensor.data()[byte], std::byte(i)) << spec.name;
    }
  }
}

TEST_F(TopicApi, OpenDtypeIsSaidByTheDraft) {
  or_throw(client_.create_topic(name_, one_tensor(DType::any, {64})));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  Draft draft = or_throw(publisher.draft());
  EXPECT_EQ(draft.tensor("x").error().code, Errc::bad_request);
  EXPECT_EQ(draft.tensor("x", DType::float64, {3, 3}).error().code, Errc::bad_request);
  or_throw(or_throw(draft.tensor("x", DType::float32, {4, 4})).as<float>())[15] = 1.5F;
  or_throw(publisher.publish(std::move(draft)));
  const View view = or_throw(subscriber.latest());
  const TensorView tensor = or_throw(view.tensor());
  EXPECT_EQ(tensor.dtype(), DType::float32);
  EXPECT_EQ(tensor.shape().size(), 2U);
}

TEST_F(TopicApi, BundleMayUseLessThanTheRoom) {
  or_throw(client_.create_topic(name_, one_tensor(DType::int16, {8, 4})));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  Draft draft = or_throw(publisher.draft());
  EXPECT_EQ(draft.tensor("x", {33}).error().code, Errc::bad_request);    // Rank.
  EXPECT_EQ(draft.tensor("x", {9, 4}).error().code, Errc::bad_request);  // Room.
  EXPECT_EQ(draft.tensor("x", {-1, 4}).error().code, Errc::bad_request);
  EXPECT_EQ(draft.tensor("x", DType::int8, {8, 4}).error().code, Errc::bad_request);
  EXPECT_TRUE(draft.tensor("x"));
  EXPECT_TRUE(draft.tensor("x", {2, 3}));  // Asked for again: the last one counts.
  or_throw(publisher.publish(std::move(draft)));
  const View view = or_throw(subscriber.latest());
  const TensorView tensor = or_throw(view.tensor("x"));
  EXPECT_EQ(Shape(tensor.shape()), (Shape{2, 3}));
}

TEST_F(TopicApi, DroppedDraftIsNeverSeen) {
  or_throw(client_.create_topic(name_, one_tensor(DType::int32, {1})));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  {
    const Draft dropped = or_throw(publisher.draft());
  }
  EXPECT_EQ(subscriber.latest().error().code, Errc::empty);
  or_throw(publisher.publish(or_throw(publisher.draft())));
  EXPECT_EQ(or_throw(subscriber.latest()).version(), 1U);
}

TEST_F(TopicApi, BadPublishByCopyCostsNothing) {
  or_throw(client_.create_topic(name_, one_tensor(DType::int32, {2}, 1)));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber observer = or_throw(client_.subscriber(name_, {.access = Access::observe}));
  const std::array<std::int32_t, 3> values{1, 2, 3};
  const auto two = or_throw(TensorView::of(std::span(values).first<2>(), {2}));
  const auto three = or_throw(TensorView::of(std::span<const std::int32_t>(values), {3}));
  or_throw(publisher.publish({{"x", two}}));
  EXPECT_EQ(publisher.publish({{"y", two}}).error().code, Errc::not_found);
  EXPECT_EQ(publisher.publish({{"x", three}}).error().code, Errc::bad_request);
  EXPECT_EQ(publisher.publish({{"x", two}, {"x", two}}).error().code, Errc::bad_request);
  const std::vector<std::byte> attributes(257);
  EXPECT_EQ(publisher.publish({{"x", two}}, {.attributes = attributes}).error().code,
            Errc::bad_request);
  EXPECT_EQ(or_throw(observer.snapshot()).version(), 1U);  // K = 1, and it is still whole.
}

TEST_F(TopicApi, StridedTensorIsPackedByCopy) {
  or_throw(client_.create_topic(name_, one_tensor(DType::int32, {3, 2})));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  std::array<std::int32_t, 6> values{1, 2, 3, 4, 5, 6};
  or_throw(publisher.publish(
      {{"x", or_throw(TensorView::of(std::span<const std::int32_t>(values), {3, 2}))}}));
  const View view = or_throw(subscriber.latest());
  EXPECT_EQ(or_throw(view.span<std::int32_t>("x"))[5], 6);
  EXPECT_EQ(view.span<float>("x").error().code, Errc::bad_request);
}

TEST_F(TopicApi, HandlesDieInAnyOrder) {
  or_throw(client_.create_topic(name_, one_tensor(DType::int32, {1})));
  std::optional<Client> client = connect("short-lived");
  std::optional<Publisher> publisher = or_throw(client->publisher(name_));
  std::optional<Subscriber> subscriber = or_throw(client->subscriber(name_));
  Draft first = or_throw(publisher->draft());
  or_throw(first.span<std::int32_t>("x"))[0] = 42;
  or_throw(publisher->publish(std::move(first)));
  std::optional<View> view = or_throw(subscriber->latest());
  std::optional<Draft> draft = or_throw(publisher->draft());
  client.reset();
  subscriber.reset();
  publisher.reset();
  EXPECT_EQ(or_throw(view->span<std::int32_t>("x"))[0], 42);
  EXPECT_TRUE(draft->tensor("x"));
  EXPECT_EQ(or_throw(client_.inspect(name_)).users, 2U);  // The view's and the draft's.
  draft.reset();
  EXPECT_TRUE(view->release());
  EXPECT_EQ(view->release().error().code, Errc::stale);
  EXPECT_TRUE(support::eventually([&] { return or_throw(client_.inspect(name_)).users == 0; }));
}

TEST_F(TopicApi, ViewMayBeReleasedByAnotherThread) {
  or_throw(client_.create_topic(name_, one_tensor(DType::int32, {1}, 8)));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  for (int i = 0; i < 200; ++i) {
    or_throw(publisher.publish(or_throw(publisher.draft())));
    View one = or_throw(subscriber.latest());
    std::thread other([view = std::move(one)]() mutable { EXPECT_TRUE(view.release()); });
    const View two = or_throw(subscriber.latest());
    EXPECT_EQ(two.version(), static_cast<std::uint64_t>(i + 1));
    other.join();
  }
  EXPECT_EQ(or_throw(client_.inspect(name_)).slots_held, 0U);
}

TEST_F(TopicApi, MovedFromHandlesAreStale) {
  or_throw(client_.create_topic(name_, one_tensor(DType::int32, {1})));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  Draft draft = or_throw(publisher.draft());
  Draft moved_draft = std::move(draft);
  EXPECT_EQ(draft.tensor("x").error().code, Errc::stale);
  EXPECT_EQ(draft.set_note({}).error().code, Errc::stale);
  EXPECT_EQ(publisher.publish(std::move(draft)).error().code, Errc::stale);
  or_throw(publisher.publish(std::move(moved_draft)));
  EXPECT_EQ(publisher.publish(std::move(moved_draft)).error().code, Errc::stale);
  View view = or_throw(subscriber.latest());
  const View moved_view = std::move(view);
  EXPECT_EQ(view.tensor("x").error().code, Errc::stale);
  EXPECT_EQ(moved_view.version(), 1U);
  const Publisher moved_publisher = std::move(publisher);
  EXPECT_EQ(publisher.draft().error().code, Errc::stale);
  EXPECT_EQ(publisher.wait(kNoWait).error().code, Errc::stale);
  EXPECT_EQ(publisher.fd().error().code, Errc::stale);
  EXPECT_EQ(publisher.reopen().error().code, Errc::stale);
  const Subscriber moved_subscriber = std::move(subscriber);
  EXPECT_EQ(subscriber.latest().error().code, Errc::stale);
  EXPECT_EQ(subscriber.next().error().code, Errc::stale);
  EXPECT_EQ(subscriber.snapshot().error().code, Errc::stale);
  const Client moved_client = std::move(client_);
  EXPECT_EQ(client_.ping().error().code, Errc::stale);
  EXPECT_EQ(client_.session(), 0U);
  const Snapshot empty;
  EXPECT_EQ(empty.tensor("x").error().code, Errc::stale);
}

TEST_F(TopicApi, NextNeverMissesWithLosslessRetention) {
  TopicOptions options = one_tensor(DType::int32, {1}, 3);
  options.retention = Retention::lossless;
  or_throw(client_.create_topic(name_, options));
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_, {.start = Start::oldest}));
  for (int i = 0; i < 3; ++i) {
    or_throw(publisher.publish(or_throw(publisher.draft(kNoWait))));
  }
  EXPECT_EQ(publisher.draft(kNoWait).error().code, Errc::full);
  EXPECT_EQ(publisher.wait(kNoWait).error().code, Errc::full);
  for (std::uint64_t version = 1; version <= 3; ++version) {
    EXPECT_EQ(or_throw(subscriber.next(kNoWait)).version(), version);
  }
  EXPECT_EQ(subscriber.next(kNoWait).error().code, Errc::empty);
  EXPECT_TRUE(publisher.draft(kNoWait));
}

TEST_F(TopicApi, LosslessSubscriberMayStartAtTheOldestKept) {
  TopicOptions options = one_tensor(DType::int32, {1}, 4);
  options.retention = Retention::lossless;
  or_throw(client_.create_topic(name_, options));
  Publisher publisher = or_throw(client_.publisher(name_));
  for (int i = 0; i < 6; ++i) {
    or_throw(publisher.publish(or_throw(publisher.draft(kNoWait))));
  }
  Subscriber oldest = or_throw(client_.subscriber(name_, {.start = Start::oldest}));
  Subscriber newest = or_throw(client_.subscriber(name_));
  EXPECT_EQ(or_throw(oldest.next(kNoWait)).version(), 3U);
  EXPECT_EQ(or_throw(newest.next(kNoWait)).version(), 6U);
}

TEST_F(TopicApi, LargeSchemaTravels) {
  TopicOptions options;
  for (int i = 0; i < 4096; ++i) {
    options.schema.push_back({std::string(240, 'n') + std::to_string(i), DType::float32, {1}});
  }
  options.slots = 3;
  or_throw(client_.create_topic(name_, options));
  or_throw(client_.create_topic(name_, options));  // The same declaration again.
  Publisher publisher = or_throw(client_.publisher(name_));
  Subscriber subscriber = or_throw(client_.subscriber(name_));
  Draft draft = or_throw(publisher.draft());
  or_throw(draft.span<float>(options.schema[4095].name))[0] = 4.0F;
  or_throw(publisher.publish(std::move(draft)));
  const View view = or_throw(subscriber.latest());
  EXPECT_EQ(or_throw(view.span<float>(options.schema[4095].name))[0], 4.0F);
  EXPECT_EQ(or_throw(client_.inspect(name_)).schema, options.schema);
}

}  // namespace
}  // namespace tenure::test

// SPDX-License-Identifier: Apache-2.0
// Tensors exported by DLPack: what they say, and that their bytes stay whatever else ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <tenure/dlpack.hpp>
#include <tenure/tenure.hpp>

#include "client/lib/dlpack_abi.hpp"
#include "tests/process/stamped_topic.hpp"
#include "tests/support/child.hpp"
#include "tests/support/private_broker.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;
using detail::dlpack::ManagedTensor;
using support::Child;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kBytes = 64;

ManagedTensor look(const DlpackTensor& tensor) {
  return detail::dlpack::load<ManagedTensor>(*tensor, 0);
}

std::uint64_t first_word(const DlpackTensor& tensor) {
  return *static_cast<const std::uint64_t*>(look(tensor).tensor.data);
}

std::span<const std::int64_t> extents(const DlpackTensor& tensor) {
  const auto managed = look(tensor);
  return {managed.tensor.extents, static_cast<std::size_t>(managed.tensor.rank)};
}

std::span<const std::int64_t> strides(const DlpackTensor& tensor) {
  const auto managed = look(tensor);
  return {managed.tensor.strides, static_cast<std::size_t>(managed.tensor.rank)};
}

class TopicDlpack : public testing::Test {
 protected:
  // K = 3, so that a publisher needs every slot but the newest and the one that is held.
  void SetUp() override { or_throw(client_.create_topic("t", stamped_options(kBytes, 3))); }

  [[nodiscard]] std::size_t slots_held() { return or_throw(client_.inspect("t")).slots_held; }
  // The versions that the only reader holds, as `tenure inspect` shows them.
  [[nodiscard]] std::vector<std::uint64_t> held() {
    const auto info = or_throw(client_.inspect("t"));
    return info.readers.empty() ? std::vector<std::uint64_t>() : info.readers.front().held;
  }

  support::PrivateBroker broker_;
  Client client_ = or_throw(Client::connect({.socket = broker_.socket(), .name = "test"}));
};

TEST_F(TopicDlpack, TensorOfAViewIsReadOnlyAndLiesWhereTheViewDoes) {
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  or_throw(publish_stamped(publisher, 1));
  const View view = or_throw(subscriber.latest());
  const DlpackTensor tensor = or_throw(to_dlpack(view, "stamp"));
  const ManagedTensor managed = look(tensor);
  EXPECT_EQ(managed.version.major, 1U);
  EXPECT_EQ(managed.flags, detail::dlpack::kReadOnly);
  EXPECT_EQ(managed.tensor.data, or_throw(view.tensor()).data());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(managed.tensor.data) % 256, 0U);
  EXPECT_EQ(managed.tensor.byte_offset, 0U);
  EXPECT_EQ(managed.tensor.device_type, detail::dlpack::kCpu);
  EXPECT_EQ(managed.tensor.code, 1);
  EXPECT_EQ(managed.tensor.bits, 64);
  EXPECT_EQ(managed.tensor.lanes, 1);
  EXPECT_THAT(extents(tensor), ElementsAre(8));
  EXPECT_THAT(strides(tensor), ElementsAre(1));
}

TEST_F(TopicDlpack, ViewIsNotReleasedWhileItsTensorLives) {
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  or_throw(publish_stamped(publisher, 1));
  View view = or_throw(subscriber.latest());
  View other = or_throw(subscriber.latest());  // Of the same bundle: nothing of it is exported.
  DlpackTensor tensor = or_throw(to_dlpack(view, "stamp"));
  View moved = std::move(view);
  const auto refused = moved.release();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::held);
  EXPECT_THAT(refused.error().detail, HasSubstr("v1"));
  EXPECT_TRUE(is_whole(moved, 1)) << "the view is as it was";
  EXPECT_TRUE(other.release());
  tensor.reset();
  EXPECT_TRUE(moved.release());
  EXPECT_EQ(slots_held(), 0U);
}

TEST_F(TopicDlpack, TensorKeepsTheSlotWhenTheViewIsGone) {
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  or_throw(publish_stamped(publisher, 1));
  std::array<DlpackTensor, 2> tensors;
  {
    const View view = or_throw(subscriber.latest());
    tensors = {or_throw(to_dlpack(view, "stamp")), or_throw(to_dlpack(view, "stamp"))};
  }
  EXPECT_THAT(held(), ElementsAre(1));
  for (std::uint64_t version = 2; version <= 20; ++version) {
    or_throw(publish_stamped(publisher, version));
    ASSERT_EQ(first_word(tensors[0]), 1U);
  }
  tensors[0].reset();
  EXPECT_THAT(held(), ElementsAre(1)) << "the other one is alive";
  tensors[1].reset();
  EXPECT_THAT(held(), IsEmpty());
}

TEST_F(TopicDlpack, PublisherWaitsForATensorAndNamesItsHolder) {
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  std::vector<DlpackTensor> tensors;
  for (std::uint64_t version = 1; version <= 3; ++version) {
    or_throw(publish_stamped(publisher, version));
    tensors.push_back(or_throw(to_dlpack(or_throw(subscriber.latest()), "stamp")));
  }
  EXPECT_EQ(publisher.draft(kNoWait).error().code, Errc::full);
  const auto waited = publisher.draft(10ms);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, Errc::timed_out);
  EXPECT_THAT(waited.error().detail, HasSubstr("test"));
  std::thread([&] { tensors.front().reset(); }).join();
  EXPECT_TRUE(publisher.draft(20s));
}

TEST_F(TopicDlpack, TensorOutlivesSubscriberAndClient) {
  std::optional<DlpackTensor> tensor;
  {
    Client client = or_throw(Client::connect({.socket = broker_.socket(), .name = "gone"}));
    Publisher publisher = or_throw(client.publisher("t"));
    Subscriber subscriber = or_throw(client.subscriber("t"));
    or_throw(publish_stamped(publisher, 7));
    tensor = or_throw(to_dlpack(or_throw(subscriber.latest()), "stamp"));
  }
  EXPECT_EQ(first_word(*tensor), 7U);
  EXPECT_EQ(or_throw(client_.inspect("t")).users, 1U);
  std::thread([&] { tensor.reset(); }).join();
  EXPECT_TRUE(support::eventually([&] { return or_throw(client_.inspect("t")).users == 0; }));
}

TEST_F(TopicDlpack, TensorsEndOnAnyThreadWhileViewsComeAndGo) {
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  for (std::uint64_t version = 1; version <= 500; ++version) {
    or_throw(publish_stamped(publisher, version));
    View view = or_throw(subscriber.latest());
    std::vector<std::thread> consumers;
    for (int i = 0; i < 2; ++i) {
      consumers.emplace_back([&view, version] {
        const auto tensor = or_throw(to_dlpack(view, "stamp"));
        EXPECT_EQ(first_word(tensor), version);
      });
    }
    for (auto& consumer : consumers) {
      consumer.join();
    }
    ASSERT_TRUE(view.release());
  }
  EXPECT_EQ(slots_held(), 0U);
}

TEST_F(TopicDlpack, ForkedChildLetsNothingGo) {
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  or_throw(publish_stamped(publisher, 1));
  View view = or_throw(subscriber.latest());
  DlpackTensor tensor = or_throw(to_dlpack(view, "stamp"));
  Child child([&] {
    const auto refused = to_dlpack(view, "stamp");
    if (refused || refused.error().code != Errc::forked || first_word(tensor) != 1) {
      return 1;
    }
    tensor.reset();
    return 0;
  });
  EXPECT_EQ(child.wait(20s), 0);
  EXPECT_THAT(held(), ElementsAre(1));
  EXPECT_EQ(view.release().error().code, Errc::held);
  tensor.reset();
  EXPECT_TRUE(view.release());
}

TEST_F(TopicDlpack, TensorOfASnapshotIsWritableAndKeepsItsMemory) {
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  or_throw(publish_stamped(publisher, 1));
  Snapshot snapshot = or_throw(subscriber.snapshot());
  const auto* memory = or_throw(snapshot.tensor()).data();
  DlpackTensor tensor = or_throw(to_dlpack(snapshot, "stamp"));
  EXPECT_EQ(look(tensor).flags, 0U);
  EXPECT_EQ(look(tensor).tensor.data, memory);
  *static_cast<std::uint64_t*>(look(tensor).tensor.data) = 99;
  EXPECT_EQ(or_throw(snapshot.span<std::uint64_t>("stamp"))[0], 99U);
  or_throw(publish_stamped(publisher, 2));
  snapshot = or_throw(subscriber.snapshot(std::move(snapshot)));
  EXPECT_TRUE(is_whole(snapshot, 2));
  EXPECT_NE(or_throw(snapshot.tensor()).data(), memory) << "fresh memory was taken";
  EXPECT_EQ(first_word(tensor), 99U);
  EXPECT_EQ(slots_held(), 0U);
}

TEST_F(TopicDlpack, SnapshotIsReusedOnceItsTensorsAreGone) {
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t", {.access = Access::observe}));
  or_throw(publish_stamped(publisher, 1));
  Snapshot snapshot = or_throw(subscriber.snapshot());
  const auto* memory = or_throw(snapshot.tensor()).data();
  std::thread([tensor = or_throw(to_dlpack(snapshot, "stamp"))]() mutable {
    tensor.reset();
  }).join();
  snapshot = or_throw(subscriber.snapshot(std::move(snapshot)));
  EXPECT_EQ(or_throw(snapshot.tensor()).data(), memory);
}

TEST_F(TopicDlpack, TensorOfASnapshotOutlivesIt) {
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  or_throw(publish_stamped(publisher, 5));
  const DlpackTensor tensor = or_throw(to_dlpack(or_throw(subscriber.snapshot()), "stamp"));
  EXPECT_EQ(first_word(tensor), 5U);
}

TEST_F(TopicDlpack, RefusalsAreThoseOfTheBundle) {
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  or_throw(publish_stamped(publisher, 1));
  View view = or_throw(subscriber.latest());
  EXPECT_EQ(to_dlpack(view, "none").error().code, Errc::not_found);
  or_throw(view.release());
  EXPECT_EQ(to_dlpack(view, "stamp").error().code, Errc::stale);
  EXPECT_EQ(to_dlpack(Snapshot(), "stamp").error().code, Errc::stale);
}

TEST_F(TopicDlpack, EveryRankAndWidthSurvives) {
  TopicOptions options;
  options.schema = {{"scalar", DType::float64, {}},
                    {"none", DType::int32, {4, 3}},
                    {"eight", DType::int16, {1, 2, 1, 2, 1, 2, 1, 3}},
                    {"nibbles", static_cast<DType>(0x10401), {3, 3}},
                    {"lanes", static_cast<DType>(0x42002), {5}}};
  or_throw(client_.create_topic("all", options));
  Publisher publisher = or_throw(client_.publisher("all"));
  Subscriber subscriber = or_throw(client_.subscriber("all"));
  Draft draft = or_throw(publisher.draft());
  for (const char* name : {"scalar", "eight", "nibbles", "lanes"}) {
    or_throw(draft.tensor(name));
  }
  or_throw(draft.tensor("none", {0, 3}));
  or_throw(publisher.publish(std::move(draft)));
  const View view = or_throw(subscriber.latest());
  const auto scalar = or_throw(to_dlpack(view, "scalar"));
  EXPECT_THAT(extents(scalar), IsEmpty());
  const auto none = or_throw(to_dlpack(view, "none"));
  EXPECT_THAT(extents(none), ElementsAre(0, 3));
  EXPECT_EQ(look(none).tensor.data, nullptr);
  const auto eight = or_throw(to_dlpack(view, "eight"));
  EXPECT_THAT(extents(eight), ElementsAre(1, 2, 1, 2, 1, 2, 1, 3));
  EXPECT_THAT(strides(eight), ElementsAre(24, 12, 12, 6, 6, 3, 3, 1));
  const auto nibbles = or_throw(to_dlpack(view, "nibbles"));
  EXPECT_THAT(strides(nibbles), ElementsAre(3, 1));
  EXPECT_EQ(look(nibbles).tensor.bits, 4);
  const auto lanes = or_throw(to_dlpack(view, "lanes"));
  EXPECT_THAT(strides(lanes), ElementsAre(1));
  EXPECT_EQ(look(lanes).tensor.lanes, 4);
  for (const auto* tensor : {&scalar, &none, &eight, &nibbles, &lanes}) {
    EXPECT_TRUE(from_dlpack(**tensor)) << "what is exported can be imported";
  }
}

TEST_F(TopicDlpack, ImportedTensorIsPublishedByCopy) {
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  std::array<std::uint64_t, 8> words{};
  std::array<std::int64_t, 1> shape{8};
  std::array<std::int64_t, 1> backwards{-1};
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] = i;
  }
  ManagedTensor foreign{.version = {1, 0},
                        .context = nullptr,
                        .deleter = nullptr,
                        .flags = 0,
                        .tensor = {.data = &words[7],
                                   .device_type = detail::dlpack::kCpu,
                                   .device_id = 0,
                                   .rank = 1,
                                   .code = 1,
                                   .bits = 64,
                                   .lanes = 1,
                                   .extents = shape.data(),
                                   .strides = backwards.data(),
                                   .byte_offset = 0}};
  const auto tensor =
      or_throw(from_dlpack(reinterpret_cast<const ::DLManagedTensorVersioned&>(foreign)));
  or_throw(publisher.publish({{"stamp", tensor}}));
  const View view = or_throw(subscriber.latest());
  EXPECT_THAT(or_throw(view.span<std::uint64_t>("stamp")), ElementsAre(7, 6, 5, 4, 3, 2, 1, 0));
}

}  // namespace
}  // namespace tenure::test

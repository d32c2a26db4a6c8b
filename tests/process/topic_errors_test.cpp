// SPDX-License-Identifier: Apache-2.0
// Every error that a topic's user can meet, produced for real through the public API. Peers that
// lie are played by writing into the shared memory with the library's own maps.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "client/lib/role_state.hpp"
#include "client/lib/topic_memory.hpp"
#include "proto/layout/slot_record.hpp"
#include "proto/layout/slot_word.hpp"
#include "tests/process/stamped_topic.hpp"
#include "tests/support/child.hpp"
#include "tests/support/private_broker.hpp"

namespace tenure::test {
namespace {

using namespace std::chrono_literals;
using layout::Phase;
using layout::SlotWord;
using support::Child;

class TopicErrors : public testing::Test {
 protected:
  Client connect(const std::string& name = "errors") const {
    return or_throw(Client::connect({.socket = broker_.socket(), .name = name}));
  }
  // The memory of topic "t" as its publisher has it, to write rubbish into.
  [[nodiscard]] std::shared_ptr<detail::TopicMemory> open_as_publisher() const {
    const auto client =
        or_throw(detail::ClientState::connect({.socket = broker_.socket(), .name = "liar"}));
    return or_throw(detail::open_role<detail::TopicMemory>(
        *client, {.name = "t", .as = wire::OpenAs::publish, .timeout = 10s}));
  }
  // Topic "t"; without a limit nobody of one uid is ever dropped.
  void create_lossless(std::optional<std::chrono::milliseconds> lag_limit) {
    TopicOptions options = stamped_options(64, 4);
    options.retention = Retention::lossless;
    options.lag_limit = lag_limit;
    or_throw(client_.create_topic("t", options));
  }
  static Errc code_of(const Error& error) {
    EXPECT_NE(error.detail, "") << name_of(error.code);
    return error.code;
  }

  support::PrivateBroker broker_{{.arguments = {"--budget", "64M"}}};
  Client client_ = connect();
};

TEST_F(TopicErrors, NotFoundNamesTheSocketAndANearName) {
  or_throw(client_.create_topic("cam/0", stamped_options(64, 4)));
  const Error error = client_.subscriber("cam/1").error();
  EXPECT_EQ(code_of(error), Errc::not_found);
  EXPECT_NE(error.hint.find("cam/0"), std::string::npos) << error.message();
  EXPECT_EQ(code_of(client_.publisher("cam/1").error()), Errc::not_found);
  EXPECT_EQ(code_of(client_.inspect("cam/1").error()), Errc::not_found);
  EXPECT_EQ(code_of(client_.stat("cam/1").error()), Errc::not_found);
  EXPECT_EQ(code_of(client_.remove("cam/1").error()), Errc::not_found);
}

TEST_F(TopicErrors, ExistsNamesTheFirstDifference) {
  or_throw(client_.create_topic("t", stamped_options(64, 4)));
  EXPECT_TRUE(client_.create_topic("t", stamped_options(64, 4)));
  const Error error = client_.create_topic("t", stamped_options(64, 5)).error();
  EXPECT_EQ(code_of(error), Errc::exists);
  EXPECT_NE(error.detail.find("slots"), std::string::npos) << error.detail;
  EXPECT_EQ(code_of(client_.create_topic("t", stamped_options(72, 4)).error()), Errc::exists);
}

TEST_F(TopicErrors, DeniedToAnotherUserWhoMayOnlyRead) {
  if (::getuid() != 0) {
    GTEST_SKIP() << "needs root, to become another user";
  }
  TopicOptions options = stamped_options(64, 4);
  options.terms.mode = 0704;
  or_throw(client_.create_topic("readable", options));
  or_throw(client_.create_topic("private", stamped_options(64, 4)));
  Child other([&] {
    if (::setgid(4242) != 0 || ::setuid(4242) != 0) {
      return 1;
    }
    Client client = connect("other");
    const Error denied = client.publisher("readable").error();
    const bool is_right = denied.code == Errc::denied && !denied.hint.empty() &&
                          client.subscriber("readable").error().code == Errc::denied &&
                          client.subscriber("readable", {.access = Access::observe}).has_value() &&
                          client.remove("readable").error().code == Errc::denied &&
                          client.subscriber("private").error().code == Errc::not_found &&
                          or_throw(client.list()).size() == 1;
    return is_right ? 0 : 2;
  });
  EXPECT_EQ(other.wait(20s), 0);
}

TEST_F(TopicErrors, UnsupportedWhereTheHoldRightOrSlotsAreMissing) {
  or_throw(client_.create_topic("two", stamped_options(64, 2)));
  const Error error = client_.subscriber("two").error();
  EXPECT_EQ(code_of(error), Errc::unsupported);
  EXPECT_NE(error.hint.find("observe"), std::string::npos) << error.message();
  Subscriber observer = or_throw(client_.subscriber("two", {.access = Access::observe}));
  EXPECT_EQ(code_of(observer.latest().error()), Errc::unsupported);
  EXPECT_EQ(code_of(observer.next().error()), Errc::unsupported);
  EXPECT_EQ(code_of(observer.fd().error()), Errc::unsupported);
}

TEST_F(TopicErrors, BadRequestNamesTheField) {
  const auto refused = [&](const TopicOptions& options, const std::string& field) {
    const Error error = client_.create_topic("bad", options).error();
    EXPECT_EQ(error.code, Errc::bad_request);
    EXPECT_NE(error.detail.find(field), std::string::npos) << error.detail;
  };
  TopicOptions options = stamped_options(64, 4);
  options.slots = 0;
  refused(options, "slots");
  options.slots = 65;
  refused(options, "slots");
  options = stamped_options(64, 4);
  options.subscribers = 1024;
  refused(options, "subscribers");
  options = stamped_options(64, 4);
  options.attribute_bytes = 4097;
  refused(options, "attribute_bytes");
  options = stamped_options(64, 2);
  options.retention = Retention::lossless;
  refused(options, "slots");
  options = stamped_options(64, 4);
  options.schema.clear();
  refused(options, "schema");
  options = stamped_options(64, 4);
  options.terms.mode = 01000;
  refused(options, "mode");
  for (const char* name : {"", "a//b", "..", "a/../b", "sp ace", "/a", "a/"}) {
    EXPECT_EQ(client_.create_topic(name, stamped_options(64, 4)).error().code, Errc::bad_request)
        << name;
  }
}

TEST_F(TopicErrors, QuotaComesWithTheNumbers) {
  const Error error = client_.create_topic("huge", stamped_options(16U << 20U, 4)).error();
  EXPECT_EQ(code_of(error), Errc::quota);
  EXPECT_GT(error.count, 0U);
  EXPECT_NE(error.hint, "");
  // A refused create holds nothing.
  EXPECT_TRUE(client_.create_topic("fits", stamped_options(4U << 20U, 4)));
}

TEST_F(TopicErrors, TooManySubscribersComesWithTheLimit) {
  TopicOptions options = stamped_options(64, 4);
  options.subscribers = 1;
  or_throw(client_.create_topic("t", options));
  std::optional<Subscriber> only = or_throw(client_.subscriber("t"));
  const Error error = client_.subscriber("t").error();
  EXPECT_EQ(code_of(error), Errc::too_many);
  EXPECT_EQ(error.count, 1U);
  only.reset();
  EXPECT_TRUE(support::eventually([&] { return client_.subscriber("t").has_value(); }));
}

TEST_F(TopicErrors, SecondPublisherIsToldWhoIsFirst) {
  or_throw(client_.create_topic("t", stamped_options(64, 4)));
  std::optional<Publisher> first = or_throw(client_.publisher("t"));
  Client other = connect("second");
  const Error error = other.publisher("t").error();
  EXPECT_EQ(code_of(error), Errc::has_publisher);
  EXPECT_NE(error.detail.find("errors"), std::string::npos) << error.detail;
  EXPECT_EQ(code_of(other.publisher("t", {.timeout = 20ms}).error()), Errc::timed_out);
  first.reset();
  EXPECT_TRUE(other.publisher("t", {.timeout = 20s}));
}

TEST_F(TopicErrors, OpenTimesOutWhenTheNameDoesNotAppear) {
  EXPECT_EQ(code_of(client_.subscriber("never", {.timeout = 20ms}).error()), Errc::timed_out);
}

TEST_F(TopicErrors, TimedOutDraftNamesWhoHoldsTheSlots) {
  or_throw(client_.create_topic("t", stamped_options(64, 3)));
  Client reader = connect("the-reader");
  Subscriber subscriber = or_throw(reader.subscriber("t"));
  Publisher publisher = or_throw(client_.publisher("t"));
  or_throw(publish_stamped(publisher, 1));
  const View one = or_throw(subscriber.latest());
  or_throw(publish_stamped(publisher, 2));
  const View two = or_throw(subscriber.latest());
  or_throw(publish_stamped(publisher, 3));
  EXPECT_EQ(publisher.draft(kNoWait).error().code, Errc::full);
  const Error error = publisher.draft(20ms).error();
  EXPECT_EQ(code_of(error), Errc::timed_out);
  EXPECT_NE(error.detail.find("the-reader"), std::string::npos) << error.detail;
  EXPECT_NE(error.detail.find("v1"), std::string::npos) << error.detail;
}

TEST_F(TopicErrors, TooFewSubscribersIsHeldOrTimedOut) {
  or_throw(client_.create_topic("t", stamped_options(64, 4)));
  Publisher publisher = or_throw(client_.publisher("t"));
  EXPECT_EQ(code_of(publisher.wait_for_subscribers(1, kNoWait).error()), Errc::held);
  EXPECT_EQ(code_of(publisher.wait_for_subscribers(1, 20ms).error()), Errc::timed_out);
  const Subscriber subscriber = or_throw(client_.subscriber("t"));
  EXPECT_TRUE(publisher.wait_for_subscribers(1, kNoWait));
}

TEST_F(TopicErrors, LaggingSubscriberIsDroppedWithAGap) {
  create_lossless(30ms);
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber slow = or_throw(client_.subscriber("t"));
  for (std::uint64_t version = 1; version <= 8; ++version) {
    ASSERT_TRUE(publish_stamped(publisher, version)) << version;
  }
  const auto next = slow.next(20s);
  EXPECT_EQ(code_of(next.error()), Errc::gap);
  EXPECT_EQ(next.error().count, 4U);
  EXPECT_TRUE(is_whole(or_throw(slow.next(20s)), 5));
}

// The limit runs over calls that each wait for less, and over waits that only look.
TEST_F(TopicErrors, LagLimitRunsOnFromCallToCall) {
  create_lossless(30ms);
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber slow = or_throw(client_.subscriber("t"));
  for (std::uint64_t version = 1; version <= 4; ++version) {
    ASSERT_TRUE(publish_stamped(publisher, version));
  }
  EXPECT_TRUE(support::eventually([&] { return publisher.draft(1ms).has_value(); }));
  EXPECT_EQ(code_of(slow.next(20s).error()), Errc::gap);
}

TEST_F(TopicErrors, ViewThatOutlivesItsSubscriberHoldsItsSlotOnly) {
  create_lossless({});
  Publisher publisher = or_throw(client_.publisher("t"));
  std::optional<Subscriber> subscriber = or_throw(client_.subscriber("t"));
  ASSERT_TRUE(publish_stamped(publisher, 1));
  View view = or_throw(subscriber->next(20s));
  subscriber.reset();
  for (std::uint64_t version = 2; version <= 9; ++version) {
    ASSERT_TRUE(publish_stamped(publisher, version)) << version;
  }
  EXPECT_TRUE(is_whole(view, 1));
  EXPECT_TRUE(view.release());
}

TEST_F(TopicErrors, WaitInVainNamesTheTopic) {
  or_throw(client_.create_topic("t", stamped_options(64, 4)));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  EXPECT_EQ(subscriber.next(5ms).error().message(), "timed_out: t: waited in vain");
}

TEST_F(TopicErrors, TornViewIsSaidAtRelease) {
  or_throw(client_.create_topic("t", stamped_options(64, 4)));
  const auto liar = open_as_publisher();
  liar->head().slots[2].word.store(SlotWord{7, Phase::ready}.pack());
  liar->head().newest.latest.store(layout::Latest{7, 2}.pack());
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  View view = or_throw(subscriber.latest());
  liar->head().slots[2].word.store(SlotWord{8, Phase::writing}.pack());
  EXPECT_EQ(view.release().error().code, Errc::torn);
  EXPECT_EQ(subscriber.latest().error().code, Errc::torn);  // No stable slot, in bounded time.
  EXPECT_EQ(subscriber.snapshot().error().code, Errc::torn);
  EXPECT_GT(or_throw(client_.stat("t")).torn, 0U);
}

TEST_F(TopicErrors, PoisonedOnlySlotAfterADeath) {
  or_throw(client_.create_topic("one", stamped_options(64, 1)));
  Subscriber observer = or_throw(client_.subscriber("one", {.access = Access::observe}));
  Child publisher([&] {
    Client client = connect("victim");
    Publisher victim = or_throw(client.publisher("one"));
    or_throw(publish_stamped(victim, 1));
    const Draft half_written = or_throw(victim.draft());
    ::raise(SIGKILL);
    return 1;
  });
  EXPECT_EQ(publisher.wait(20s), 128 + SIGKILL);
  Publisher next = or_throw(client_.publisher("one", {.timeout = 20s}));
  static_cast<void>(reopen_if_superseded(observer, observer.snapshot().error()));
  EXPECT_EQ(code_of(observer.snapshot().error()), Errc::poisoned);
  EXPECT_EQ(or_throw(publish_stamped(next, 2)), 2U);
  EXPECT_TRUE(is_whole(or_throw(observer.snapshot()), 2));
}

TEST_F(TopicErrors, CorruptDescriptorIsNeverFollowed) {
  or_throw(client_.create_topic("t", stamped_options(64, 4)));
  const auto liar = open_as_publisher();
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  std::byte* slot = liar->slot(2);
  layout::TensorDescriptor good{.offset_bytes = liar->schema()->plan.tensors[0].offset_bytes,
                                .dtype = static_cast<std::uint32_t>(DType::uint64),
                                .rank = 1,
                                .flags = layout::kPresent,
                                .extension = 0,
                                .sizes = {8}};
  const auto opens = [&](const layout::TensorDescriptor& descriptor) {
    std::memcpy(
        slot + liar->schema()->plan.descriptors_offset_bytes, &descriptor, sizeof descriptor);
    const View view = or_throw(subscriber.latest());
    return view.tensor("stamp");
  };
  liar->head().slots[2].word.store(SlotWord{1, Phase::ready}.pack());
  liar->head().newest.latest.store(layout::Latest{1, 2}.pack());
  EXPECT_TRUE(opens(good));
  const auto with = [&](auto change) {
    layout::TensorDescriptor bad = good;
    change(bad);
    return opens(bad);
  };
  EXPECT_EQ(code_of(with([](auto& d) { d.offset_bytes = 1U << 30U; }).error()), Errc::corrupt);
  EXPECT_EQ(code_of(with([](auto& d) { d.offset_bytes = ~0ULL - 7; }).error()), Errc::corrupt);
  EXPECT_EQ(code_of(with([](auto& d) { d.offset_bytes += 1; }).error()), Errc::corrupt);
  EXPECT_EQ(code_of(with([](auto& d) { d.sizes[0] = std::int64_t{1} << 62; }).error()),
            Errc::corrupt);
  EXPECT_EQ(code_of(with([](auto& d) { d.sizes[0] = -1; }).error()), Errc::corrupt);
  EXPECT_EQ(code_of(with([](auto& d) { d.rank = 2; }).error()), Errc::corrupt);
  EXPECT_EQ(code_of(with([](auto& d) { d.rank = 200; }).error()), Errc::corrupt);
  EXPECT_EQ(code_of(with([](auto& d) { d.dtype = 0; }).error()), Errc::corrupt);
  EXPECT_EQ(code_of(with([](auto& d) { d.flags = 0xFF; }).error()), Errc::corrupt);
  EXPECT_EQ(code_of(with([](auto& d) {
                      d.flags |= layout::kExtended;
                      d.extension = 9;
                    }).error()),
            Errc::corrupt);
}

TEST_F(TopicErrors, UsedUpVersionsAreCorrupt) {
  or_throw(client_.create_topic("t", stamped_options(64, 4)));
  open_as_publisher()->head().newest.latest.store(layout::Latest{layout::kMaxVersion, 0}.pack());
  Publisher publisher = or_throw(client_.publisher("t", {.timeout = 10s}));
  EXPECT_EQ(code_of(publish_stamped(publisher, 1).error()), Errc::corrupt);
}

TEST_F(TopicErrors, BrokerGoneIsSaidOnceAndTheDataPathGoesOn) {
  or_throw(client_.create_topic("t", stamped_options(64, 4)));
  Publisher publisher = or_throw(client_.publisher("t"));
  Subscriber subscriber = or_throw(client_.subscriber("t"));
  broker_.stop(SIGKILL);
  EXPECT_EQ(code_of(client_.ping().error()), Errc::broker_gone);
  EXPECT_EQ(code_of(client_.list().error()), Errc::broker_gone);
  EXPECT_EQ(code_of(client_.event(kNoWait).error()), Errc::broker_gone);
  EXPECT_EQ(code_of(subscriber.wait(30s).error()), Errc::broker_gone);
  EXPECT_EQ(subscriber.wait(5ms).error().code, Errc::timed_out);
  EXPECT_EQ(or_throw(publish_stamped(publisher, 1)), 1U);
  EXPECT_TRUE(is_whole(or_throw(subscriber.next(20s)), 1));
  EXPECT_EQ(subscriber.reopen().error().code, Errc::broker_gone);
}

TEST_F(TopicErrors, EventsTellOnceThatTheBrokerIsGoneThenWait) {
  or_throw(client_.create_topic("t", stamped_options(64, 4)));
  const Subscriber subscriber = or_throw(client_.subscriber("t"));  // Keeps the old session.
  const int fd = or_throw(client_.fd());
  broker_.stop(SIGKILL);
  EXPECT_EQ(code_of(client_.event(20s).error()), Errc::broker_gone);
  EXPECT_EQ(client_.event(kNoWait).error().code, Errc::empty);
  EXPECT_EQ(client_.event(20ms).error().code, Errc::timed_out);
  ::pollfd poll{.fd = fd, .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&poll, 1, 0), 0);  // Not readable for ever.
}

TEST_F(TopicErrors, NobodyListeningIsBrokerGoneWithAHint) {
  const Error error =
      Client::connect({.socket = broker_.directory() + "/nobody.sock", .timeout = kNoWait}).error();
  EXPECT_EQ(code_of(error), Errc::broker_gone);
  EXPECT_NE(error.detail.find("nobody.sock (given)"), std::string::npos) << error.detail;
  EXPECT_NE(error.hint, "");
  EXPECT_EQ(code_of(Client::connect({.socket = std::string(200, 'x')}).error()), Errc::bad_request);
}

::sockaddr_un address_of(const std::string& path) {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

os::UniqueFd listen_at(const std::string& path, int backlog) {
  os::UniqueFd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const ::sockaddr_un address = address_of(path);
  const auto* generic = reinterpret_cast<const ::sockaddr*>(&address);
  if (::bind(listener.get(), generic, sizeof address) != 0 ||
      ::listen(listener.get(), backlog) != 0) {
    throw std::runtime_error("cannot listen on " + path);
  }
  return listener;
}

TEST_F(TopicErrors, FullBacklogIsBrokerGoneThatSaysSo) {
  const std::string path = broker_.directory() + "/busy.sock";
  const os::UniqueFd listener = listen_at(path, 0);
  std::vector<os::UniqueFd> queued;
  for (int error = 0; error == 0;) {  // Nobody accepts them.
    queued.emplace_back(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const ::sockaddr_un address = address_of(path);
    const auto* generic = reinterpret_cast<const ::sockaddr*>(&address);
    error = ::connect(queued.back().get(), generic, sizeof address) == 0 ? 0 : errno;
  }
  const Error error = Client::connect({.socket = path, .timeout = kNoWait}).error();
  EXPECT_EQ(code_of(error), Errc::broker_gone);
  EXPECT_EQ(error.sys_errno, EAGAIN);
  EXPECT_NE(error.detail.find("more connect at once"), std::string::npos) << error.detail;
}

// A listener that answers one hello with `reply`.
class FakeBroker {
 public:
  FakeBroker(const std::string& path, const std::string& reply) : listener_(listen_at(path, 1)) {
    child_ = Child([this, reply] {
      const os::UniqueFd peer(::accept(listener_.get(), nullptr, nullptr));
      std::array<char, 4096> hello{};
      return ::recv(peer.get(), hello.data(), hello.size(), 0) > 0 &&
                     ::send(peer.get(), reply.data(), reply.size(), 0) > 0 &&
                     ::recv(peer.get(), hello.data(), hello.size(), 0) >= 0
                 ? 0
                 : 1;
    });
  }

 private:
  os::UniqueFd listener_;
  Child child_;
};

TEST_F(TopicErrors, TooOldAndRubbishFromABroker) {
  const std::string old = broker_.directory() + "/old.sock";
  const FakeBroker too_old(
      old, R"({"id":1,"error":{"code":"too_old","message":"x","detail":"speaks 7 to 9"}})");
  EXPECT_EQ(code_of(Client::connect({.socket = old}).error()), Errc::too_old);
  const std::string mad = broker_.directory() + "/mad.sock";
  const FakeBroker rubbish(mad, "{{{{");
  EXPECT_EQ(code_of(Client::connect({.socket = mad}).error()), Errc::broker_gone);
}

}  // namespace
}  // namespace tenure::test

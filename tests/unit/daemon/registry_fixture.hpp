// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "daemon/core/registry.hpp"

namespace tenure::core {

inline constexpr std::uint64_t kMebibyte = 1 << 20;

/// A registry, and short ways to talk to it. Time stands still but where a test says otherwise.
class RegistryTest : public ::testing::Test {
 protected:
  static Limits limits() {
    Limits limits{.budget_bytes = 64 * kMebibyte};
    limits.segments_per_uid = 8;
    limits.sessions_per_uid = 4;
    limits.requests_in_flight = 3;
    limits.handles_per_session = 6;
    limits.tokens_per_uid = 20;
    return limits;
  }

  std::uint32_t connect(std::uint32_t uid, std::uint32_t gid = 100, std::string name = "camera") {
    auto session = registry.add_session(
        {.uid = uid, .gid = gid, .groups = {gid}, .pid = 4702, .name = std::move(name)});
    EXPECT_TRUE(session.has_value());
    return session ? *session : 0;
  }

  static TopicOptions options(Lifetime lifetime = Lifetime::session) {
    TopicOptions options{.schema = {{"image", DType::uint8, {64}}}};
    options.terms.lifetime = lifetime;
    return options;
  }

  Asker ask(std::uint32_t session) { return {.session = session, .request = ++last_request}; }

  using OfKind = decltype(Declaration::options);

  /// Declares, and lets the memory be made.
  Result<Registry::Declared> declare(std::uint32_t session,
                                     const std::string& name,
                                     const OfKind& options) {
    auto declared = registry.declare(ask(session), {.name = name, .options = options});
    if (declared && !declared->existed) {
      static_cast<void>(registry.complete(declared->segment->memory.segment, true));
    }
    return declared;
  }
  void must_declare(std::uint32_t session, const std::string& name, const OfKind& options) {
    const auto declared = declare(session, name, options);
    ASSERT_TRUE(declared.has_value()) << declared.error().message();
  }

  Result<std::optional<Handle>> open(std::uint32_t session,
                                     const std::string& name,
                                     wire::OpenAs as,
                                     Time timeout = Time::zero()) {
    return registry.open(ask(session), {.name = name, .as = as, .timeout = timeout}, now);
  }
  Handle must_open(std::uint32_t session, const std::string& name, wire::OpenAs as) {
    const auto opened = open(session, name, as);
    EXPECT_TRUE(opened.has_value() && opened->has_value());
    return opened ? opened->value_or(Handle{}) : Handle{};
  }
  Errc refusal(std::uint32_t session, const std::string& name, wire::OpenAs as) {
    const auto opened = open(session, name, as);
    return opened ? Errc{0} : opened.error().code;
  }

  Registry registry{limits()};
  Time now{std::chrono::seconds(1000)};
  std::uint64_t last_request = 0;
};

inline constexpr wire::OpenAs kPublish = wire::OpenAs::publish;
inline constexpr wire::OpenAs kSubscribe = wire::OpenAs::subscribe;
inline constexpr wire::OpenAs kObserve = wire::OpenAs::observe;

}  // namespace tenure::core

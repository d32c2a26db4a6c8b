// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/layout/slot_word.hpp"
#include "proto/layout/topic_bell.hpp"
#include "proto/layout/topic_head.hpp"
#include "proto/os/mapping.hpp"
#include "proto/os/packet.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::support {

/// A client that speaks packets, so that a test can be as rude as it likes. Every wait ends by a
/// std::runtime_error after 20 s. Threads: one.
class RawClient {
 public:
  /// Connects and, with a name, says hello.
  explicit RawClient(const std::string& socket, std::optional<std::string> name = "raw");

  [[nodiscard]] int fd() const noexcept { return socket_.get(); }
  [[nodiscard]] std::uint32_t session() const noexcept { return session_; }
  void hang_up() { socket_.reset(); }

  /// Returns its id.
  std::uint64_t send(wire::RequestBody body, const std::vector<int>& fds = {});
  void send_bytes(const std::string& bytes, const std::vector<int>& fds = {});
  /// The next packet; nothing at the end of the connection.
  [[nodiscard]] std::optional<wire::Message> receive();
  /// The reply to `id`; events that come before are kept.
  [[nodiscard]] wire::ReplyBody reply(std::uint64_t id);
  [[nodiscard]] wire::ReplyBody ask(wire::RequestBody body, const std::vector<int>& fds = {}) {
    return reply(send(std::move(body), fds));
  }
  /// The same where it must succeed, or fail.
  template <class T>
  [[nodiscard]] T ask_for(wire::RequestBody body) {
    wire::ReplyBody answer = ask(std::move(body));
    if (auto* wanted = std::get_if<T>(&answer)) {
      return std::move(*wanted);
    }
    throw std::runtime_error("another answer: " + text_of(answer));
  }
  [[nodiscard]] Error refusal(wire::RequestBody body) { return ask_for<Error>(std::move(body)); }
  /// The next event, kept or to come.
  [[nodiscard]] Event event();
  /// Waits until the broker hangs up.
  void wait_for_end();

  /// What came with the last reply.
  [[nodiscard]] std::vector<os::UniqueFd>& fds() noexcept { return fds_; }

 private:
  [[nodiscard]] static std::string text_of(const wire::ReplyBody& body);

  os::UniqueFd socket_;
  std::uint32_t session_ = 0;
  std::uint64_t last_id_ = 0;
  std::vector<os::UniqueFd> fds_;
  std::vector<Event> events_;
};

/// With the right that was granted.
[[nodiscard]] os::Mapping map_grant(const std::vector<os::UniqueFd>& fds, const wire::Grant& grant);

/// A role whose memory is mapped, and whose fds are kept.
struct RawRole {
  wire::Opened opened;
  std::vector<os::UniqueFd> fds;
  os::Mapping head_map;
  os::Mapping bell_map;
  os::Mapping data_map;

  [[nodiscard]] layout::TopicHead& head() const {
    return *reinterpret_cast<layout::TopicHead*>(head_map.data());
  }
  [[nodiscard]] layout::TopicBell& bell() const {
    return *reinterpret_cast<layout::TopicBell*>(bell_map.data());
  }
  [[nodiscard]] const os::UniqueFd& fd(wire::Memory memory) const;
};

[[nodiscard]] RawRole open_role(RawClient& client,
                                const std::string& name,
                                wire::OpenAs as,
                                std::chrono::nanoseconds timeout = std::chrono::nanoseconds(0));

/// A topic of one small tensor.
[[nodiscard]] wire::CreateTopic small_topic(const std::string& name,
                                            Lifetime lifetime = Lifetime::session);

}  // namespace tenure::support

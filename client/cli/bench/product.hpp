// SPDX-License-Identifier: Apache-2.0
/// The same jobs as in limits.hpp done through topics, and those that have no limit to compare
/// with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tenure/client.hpp>

#include "client/cli/bench/board.hpp"
#include "client/cli/bench/message.hpp"
#include "client/cli/bench/samples.hpp"

namespace tenure::cli::bench {

/// The topics of one run: "PREFIX/ping" is written here, "PREFIX/pong" by the peer.
struct TopicNames {
  std::string ping;
  std::string pong;
};

inline constexpr std::size_t kCopySlots = 4;
inline constexpr std::size_t kMostSubscribers = 64;

/// A session topic of one uint8 tensor "bytes". Errors: those of Client::create_topic
[[nodiscard]] Result<void> create_bench_topic(Client& client,
                                              const std::string& name,
                                              std::size_t size_bytes);

/// Both topics from one side: publishes on one, reads the other. What is timed and what surrounds
/// it are calls of their own. Threads: one at a time.
class TopicPair {
 public:
  /// Waits a little for the names. Errors: those of opening
  [[nodiscard]] static Result<TopicPair> open(Client& client,
                                              const std::string& publish,
                                              const std::string& subscribe);

  /// Takes a slot for the next send(). Errors: those of Publisher::draft
  [[nodiscard]] Result<void> prepare();
  /// Fills the prepared slot with 64 bytes, all of them `value`, and publishes it.
  /// Errors: those of Publisher::publish
  [[nodiscard]] Result<void> send(std::uint8_t value);
  /// Whether there is a new bundle; reads its 64 bytes and keeps the view until let_go().
  /// Errors: those of Subscriber::next but empty
  [[nodiscard]] Result<bool> try_see();
  /// Errors: those of View::release
  [[nodiscard]] Result<void> let_go();
  /// Until there is a new bundle. Errors: those of Subscriber::wait
  [[nodiscard]] Result<void> wait();
  [[nodiscard]] Subscriber& subscriber() noexcept { return subscriber_; }

 private:
  TopicPair(Publisher publisher, Subscriber subscriber);
  Publisher publisher_;
  Subscriber subscriber_;
  std::optional<Draft> draft_;
  std::span<std::uint8_t> bytes_;  // Of draft_.
  std::optional<View> view_;
};

/// latest() and release, with nothing new. Errors: those of Subscriber
[[nodiscard]] Result<void> measure_latest(Subscriber& subscriber,
                                          std::uint32_t count,
                                          Samples& samples);
/// A snapshot of 64 bytes into the memory of the one before. Errors: those of Subscriber
[[nodiscard]] Result<void> measure_snapshot(Subscriber& subscriber,
                                            std::uint32_t count,
                                            Samples& samples);
/// publish() by copy. Errors: those of Publisher
[[nodiscard]] Result<void> measure_copy(Publisher& publisher,
                                        const std::vector<std::byte>& source,
                                        std::uint32_t count,
                                        Samples& samples);

/// The peer's side of everything above. Errors: those of connecting and of TopicPair
[[nodiscard]] Result<void> run_peer(Board& board,
                                    const std::string& socket,
                                    const TopicNames& names);

}  // namespace tenure::cli::bench

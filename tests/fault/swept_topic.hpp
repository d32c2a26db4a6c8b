// SPDX-License-Identifier: Apache-2.0
/// The topic that sweeps kill processes in, and those who survive them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "client/lib/topic_memory.hpp"
#include "tests/fault/kill_at_store.hpp"
#include "tests/support/shared.hpp"

namespace tenure::test {

struct TopicShape {
  std::size_t slots = 3;
  Retention retention = Retention::overwrite;

  [[nodiscard]] bool has_views() const noexcept { return slots >= 3; }
};

/// All shapes with K = 1, 2, 3, 4, or those that can be viewed.
[[nodiscard]] std::vector<TopicShape> all_shapes();
[[nodiscard]] std::vector<TopicShape> viewed_shapes();
[[nodiscard]] std::string name_of(const TopicShape& shape);

/// What else the surviving process does in a round.
struct Part {
  std::function<void()> prepare = {};  ///< Before the doomed one is there.
  std::function<void()> answer = {};   ///< When it asks.
  std::function<void()> clear = {};    ///< After the checks, before the survivors go on.
};

/// A draft filled word by word, with a step before each, and published as `version`.
void fill_stepwise(Draft& draft, std::uint64_t version);

/// In the process that survives. It keeps a subscriber that reads everything (K >= 3), and the
/// topic's memory itself, to look at. Threads: one.
class SweptTopic {
 public:
  SweptTopic(const std::string& socket, TopicShape shape, TopicOptions options = {});
  SweptTopic(const SweptTopic&) = delete;
  SweptTopic& operator=(const SweptTopic&) = delete;
  ~SweptTopic();  // Removes the topic.

  [[nodiscard]] const TopicShape& shape() const noexcept { return shape_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uint64_t latest();

  /// The mapped memory. Its own entry in `bell` (K >= 3) has seen everything, so it hinders nobody.
  [[nodiscard]] detail::TopicMemory& memory();
  /// A publisher in this process, from now on.
  void open_publisher();
  void publish_one();
  /// K + 1 further bundles, each read by the survivor: every slot is used.
  void go_on();

  /// One round: the process is killed before its n-th store. Whether it got through without.
  bool round(int fatal_store, const Verb& verb, const Part& part = {});
  /// Rounds with n = 1, 2, 3 ... until it gets through; how many.
  int sweep(const Verb& verb, const Part& part = {});
  [[nodiscard]] Notes& notes() noexcept { return *notes_; }
  /// Makes the memory's own entry hold these slots (bit i: slot i), or says what it holds.
  void hold(std::uint64_t slots);
  /// What it holds was given back, or never taken: ready, and not the newest.
  void expect_held_kept();
  /// The survivor views the newest bundle, and later finds it as it was.
  void keep_view();
  void release_view();

 private:
  void open_memory();
  void raise_flags();
  [[nodiscard]] std::size_t count_survivors() const;
  void expect_all_gone();
  void expect_commit_is_kept(std::uint64_t before);
  void expect_slots_repaired(std::uint64_t before);
  void expect_entries_clean();
  void expect_survivor_reads_on();
  void expect_snapshot();

  const std::string socket_;
  const TopicShape shape_;
  const std::string name_;
  Client client_;
  std::shared_ptr<detail::TopicMemory> memory_;
  std::optional<Subscriber> survivor_;
  std::optional<Subscriber> observer_;
  std::optional<Publisher> publisher_;
  std::optional<View> kept_;
  std::uint64_t survivor_seen_ = 0;
  bool has_committed_ = false;  // A round of this sweep was killed after the commit.
  support::Shared<Notes> notes_;
};

}  // namespace tenure::test

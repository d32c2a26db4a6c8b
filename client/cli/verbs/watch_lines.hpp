// SPDX-License-Identifier: Apache-2.0
/// The lines of `watch`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "client/cli/context.hpp"
#include "client/cli/verbs/watched_buffer.hpp"
#include "client/cli/verbs/watched_queue.hpp"
#include "client/cli/verbs/watched_topic.hpp"

namespace tenure::cli {

/// Prints what was seen, for people or as JSON. Threads: one.
class WatchLines {
 public:
  explicit WatchLines(const Context& context) : context_(context) {}

  /// Lines begin with the name, in a column as wide as that of `name` at least.
  void make_room_for(const std::string& name);

  void print(const std::string& name, const Sighting& sighting) const;
  void print(const std::string& name, const BufferChange& change) const;
  void print(const std::string& name, const QueueChange& change) const;
  /// Nothing where there are no words.
  void print_event(const std::string& name, std::string_view words) const;

 private:
  template <class Seen>
  void print_seen(const std::string& name, const Seen& seen) const;
  [[nodiscard]] std::string prefix(const std::string& name) const;

  const Context& context_;
  std::size_t name_width_ = 0;  // 0: names are not shown.
};

}  // namespace tenure::cli

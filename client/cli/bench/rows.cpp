// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/rows.hpp"

namespace tenure::cli::bench {

std::vector<Row> rows_of(const Measurements& found) {
  std::vector<Row> rows{
      time_row("publish to spinning subscriber, 64 B", found.spinning, "<= 1.5x"),
      time_row("publish to sleeping subscriber", found.sleeping, "<= 1.2x"),
      time_row("publish to the last of 8 sleeping", found.waking_8, "<= 1.2x"),
      time_row("publish to the last of 64 sleeping", found.waking_64, "<= 1.2x"),
      time_row("publish to event loop, other cpu", found.event_loop, "<= 1.2x"),
      time_row("publish to event loop, same cpu", found.event_loop_here, "<= 1.8x"),
      time_row("latest() and release, nothing new", found.latest, "<= 20 ns"),
      time_row("snapshot, 64 B", found.snapshot, "<= 30 ns"),
      speed_row("publish by copy, 64 KiB", found.copy_64k, 65536, ">= 0.9x"),
      speed_row("publish by copy, 1 MiB", found.copy_1m, 1048576, ">= 0.95x"),
      time_row("1 MiB to a waiting process; a socket", found.frame_socket, ""),
      time_row("1 MiB to a waiting process; a pipe", found.frame_pipe, "")};
  if (found.frame_queue.limit.count() != 0) {
    rows.push_back(time_row("1 MiB to a waiting process; a mqueue", found.frame_queue, ""));
  }
  return rows;
}

std::vector<Row> rows_of(const TokenVerbs& found, const std::string& where) {
  const std::string crowd = where + ", " + std::to_string(found.tokens) + " tokens of " +
                            (found.uids == 1 ? "1 uid" : std::to_string(found.uids) + " uids");
  return {time_row("borrow" + where, found.borrow, "<= 1.6x"),
          time_row("freeze" + where, found.freeze, "<= 1.6x"),
          time_row("release" + where, found.release, "<= 1.6x"),
          time_row("attach" + where, found.attach, "<= 1.5x"),
          time_row("borrow" + crowd, found.crowded_borrow, "<= 1.2x"),
          time_row("freeze" + crowd, found.crowded_freeze, "<= 1.2x"),
          time_row("release" + crowd, found.crowded_release, "<= 1.2x"),
          rate_row("verbs, 64 in flight" + where, found.window, "")};
}

}  // namespace tenure::cli::bench

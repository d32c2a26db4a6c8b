// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/queue_peer.hpp"

#include <chrono>
#include <utility>

#include "client/cli/bench/limits.hpp"
#include "client/cli/bench/message.hpp"
#include "client/cli/bench/round_trips.hpp"

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

constexpr Timeout kSetUp = 10s;
constexpr BenchQueue kQueue{.slots = 8, .size_bytes = kMessageBytes};

struct Names {
  std::string ping;  // Pushed to by this process.
  std::string pong;
};

Result<void> run_peer_of_queues(Board& board, const std::string& socket, const Names& names) {
  auto client = Client::connect({.socket = socket, .name = "bench-peer", .timeout = kSetUp});
  auto queues =
      client ? QueuePair::open(*client, names.pong, names.ping) : std::move(client).error();
  if (!queues) {
    return std::move(queues).error();
  }
  return serve(board, [&](Task task, std::uint32_t count) -> Result<void> {
    switch (task) {
      case Task::echo_line:
        echo_line(board, count);
        return {};
      case Task::sleep_futex:
        sleep_on_futex(board, board.word, count);
        return {};
      case Task::echo_queue:
        return echo(*queues, count);
      case Task::sleep_queue:
        return sleep_on(board, *queues, count);
      default:
        return Error{.code = Errc::bad_request, .detail = "no such task"};
    }
  });
}

}  // namespace

QueuePeer::QueuePeer(PeerProcess process, Client client, QueuePair queues)
    : process_(std::move(process)), client_(std::move(client)), queues_(std::move(queues)) {
}

Result<QueuePeer> QueuePeer::start(const Options& options) {
  const Names names{.ping = options.prefix + "/ping", .pong = options.prefix + "/pong"};
  auto process = PeerProcess::start(
      options.cpu,
      [&](Board& board) { return run_peer_of_queues(board, options.socket, names); },
      options.goes_on);
  if (!process) {
    return std::move(process).error();
  }
  if (options.shares_cpu) {
    process->yield_while_waiting();
  }
  auto client = Client::connect({.socket = options.socket, .name = "bench", .timeout = kSetUp});
  if (!client) {
    return std::move(client).error();
  }
  for (const std::string& name : {names.ping, names.pong}) {
    if (auto created = create_bench_queue(*client, name, kQueue); !created) {
      return std::move(created).error();
    }
  }
  auto queues = QueuePair::open(*client, names.ping, names.pong);
  if (!queues) {
    return std::move(queues).error();
  }
  return QueuePeer(*std::move(process), *std::move(client), *std::move(queues));
}

Result<void> QueuePeer::measure_spinning(std::uint32_t count, Pair& pair) {
  auto done = measure_line(process_, count, pair.limit);
  return done ? measure_round_trip(process_, Task::echo_queue, queues_, count, pair.ours)
              : std::move(done);
}

Result<void> QueuePeer::measure_sleeping(std::uint32_t count, Pair& pair) {
  auto done = measure_futex(process_, count, pair.limit);
  return done ? measure_wake(process_, Task::sleep_queue, queues_, count, pair.ours)
              : std::move(done);
}

}  // namespace tenure::cli::bench

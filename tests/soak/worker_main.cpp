// SPDX-License-Identifier: Apache-2.0
// One process of the soak. usage: soak_worker SOCKET BOARD_FD INDEX

#include <chrono>
#include <exception>
#include <string>

#include "tests/soak/preemption.hpp"
#include "tests/soak/queue_worker.hpp"
#include "tests/soak/region_worker.hpp"
#include "tests/soak/worker.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

void run_on_topic(const std::string& socket, Board& board, std::size_t index) {
  Worker worker(socket, board, index);
  provoke_preemption(worker.own());
  Client client = or_throw(Client::connect(
      {.socket = worker.socket(), .name = name_of(worker.spec().role), .timeout = 20s}));
  switch (worker.spec().role) {
    case Role::publisher:
      run_publisher(worker, client);
      break;
    case Role::refill:
      run_refill(worker, client);
      break;
    default:
      run_reader(worker, client);
  }
}

void run_on_regions(const std::string& socket, Board& board, std::size_t index) {
  become_user(board.workers.at(index).spec);
  RegionWorker worker(socket, board, index);
  if (worker.spec().role == Role::region) {
    run_region(worker);
  } else {
    run_region_sweep(worker);
  }
}

void run_on_queue(const std::string& socket, Board& board, std::size_t index) {
  QueueWorker worker(socket, board, index);
  provoke_preemption(worker.own());
  Client client = or_throw(Client::connect(
      {.socket = worker.socket(), .name = name_of(worker.spec().role), .timeout = 20s}));
  switch (worker.spec().role) {
    case Role::queue_producer:
      run_queue_producer(worker, client);
      break;
    case Role::queue_sweep:
      run_queue_sweep(worker, client);
      break;
    default:
      run_queue_consumer(worker, client);
  }
}

int run_guarded(int argc, char** argv) {
  if (argc != 4) {
    return 2;
  }
  const SharedBoard board(std::stoi(argv[2]));
  const std::size_t index = std::stoul(argv[3]);
  WorkerBoard& own = board->workers.at(index);
  try {
    if (is_of_regions(own.spec.role)) {
      run_on_regions(argv[1], *board, index);
    } else if (is_of_queues(own.spec.role)) {
      run_on_queue(argv[1], *board, index);
    } else {
      run_on_topic(argv[1], *board, index);
    }
  } catch (const std::exception& failure) {
    violate(*board, &own, std::string("ended by an error: ") + failure.what());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace tenure::soak

int main(int argc, char** argv) {
  return tenure::soak::run_guarded(argc, argv);
}

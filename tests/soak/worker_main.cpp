// SPDX-License-Identifier: Apache-2.0
// One process of the soak. usage: soak_worker SOCKET BOARD_FD INDEX

#include <chrono>
#include <exception>
#include <string>

#include "tests/soak/preemption.hpp"
#include "tests/soak/worker.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

void run(Worker& worker) {
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

int run_guarded(int argc, char** argv) {
  if (argc != 4) {
    return 2;
  }
  const SharedBoard board(std::stoi(argv[2]));
  Worker worker(argv[1], *board, std::stoul(argv[3]));
  provoke_preemption(worker.own());
  try {
    run(worker);
  } catch (const std::exception& failure) {
    worker.violation(std::string("ended by an error: ") + failure.what());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace tenure::soak

int main(int argc, char** argv) {
  return tenure::soak::run_guarded(argc, argv);
}

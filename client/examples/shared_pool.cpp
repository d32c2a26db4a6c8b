// SPDX-License-Identifier: Apache-2.0
// One buffer, five processes: four workers read the same frozen half and write a quarter each of
// the other half, then send their tokens back. Whatever is not allowed is tried, and refused.
//
//   shared_pool        starts the workers itself
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <tenure/tenure.hpp>

using namespace tenure;

namespace {

constexpr std::uint64_t kSize = 32768;
constexpr std::uint64_t kHalf = kSize / 2;
constexpr std::uint64_t kQuarter = kHalf / 4;
constexpr std::size_t kWorkers = 4;

template <class T>
void must_be_refused(const char* what, const Result<T>& result, Errc code) {
  if (result || result.error().code != code) {
    throw std::runtime_error(std::string(what) + " was not refused as it should be");
  }
  std::cout << what << ": " + result.error().message() + "\n" << std::flush;
}

// Tickets are strings: any pipe will do.
void send_ticket(int peer, const std::string& ticket) {
  if (::send(peer, ticket.data(), ticket.size(), 0) < 0) {
    throw std::runtime_error("the peer is gone");
  }
}

std::string receive_ticket(int peer) {
  std::array<char, 256> text{};
  const ssize_t size = ::recv(peer, text.data(), text.size(), 0);
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

int work(int boss) {
  Client client = or_throw(Client::connect({.name = "worker"}));
  Freeze input = or_throw(client.claim<Freeze>(receive_ticket(boss)));
  Borrow mine = or_throw(client.claim<Borrow>(receive_ticket(boss)));

  Buffer pool = or_throw(client.buffer("pool"));
  must_be_refused("borrowing what others read", pool.borrow({0, kQuarter}), Errc::held);

  const auto from = or_throw(input.attach());
  const auto to = or_throw(mine.attach());
  const std::size_t offset = mine.region().begin_bytes - kHalf;
  std::ranges::transform(
      from.subspan(offset, kQuarter), to.begin(), [](std::byte b) { return ~b; });
  must_be_refused("sending on what is attached", mine.transfer(), Errc::attached);

  or_throw(input.detach());
  or_throw(mine.detach());
  send_ticket(boss, or_throw(input.transfer()));
  send_ticket(boss, or_throw(mine.transfer()));
  must_be_refused("using what was sent", mine.attach(), Errc::stale);
  return EXIT_SUCCESS;
}

struct Worker {
  pid_t pid;
  int socket;
};

// Before this process connects: a session is not inherited.
std::vector<Worker> start_workers() {
  std::vector<Worker> workers;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
      throw std::runtime_error("no socket pair");
    }
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::_exit(work(pair[1]));
    }
    ::close(pair[1]);
    workers.push_back({.pid = pid, .socket = pair[0]});
  }
  return workers;
}

void fill(Borrow& root) {
  const auto all = or_throw(root.attach());
  for (std::size_t i = 0; i < kHalf; ++i) {
    all[i] = static_cast<std::byte>(i * 7);
  }
  or_throw(root.detach());
}

void check(Borrow& root) {
  const auto all = or_throw(root.attach());
  for (std::size_t i = 0; i < kHalf; ++i) {
    if (all[kHalf + i] != ~all[i]) {
      throw std::runtime_error("byte " + std::to_string(i) + " is wrong");
    }
  }
}

void run() {
  const std::vector<Worker> workers = start_workers();
  Client client = or_throw(Client::connect({.name = "boss"}));
  or_throw(client.create_buffer("pool", {.size_bytes = kSize}));
  Buffer pool = or_throw(client.buffer("pool"));
  Borrow root = or_throw(pool.root());
  fill(root);
  for (std::size_t i = 0; i < kWorkers; ++i) {
    const std::uint64_t begin = kHalf + i * kQuarter;
    Borrow quarter = or_throw(root.borrow({begin, begin + kQuarter}));
    Freeze input = or_throw(root.freeze({0, kHalf}));
    send_ticket(workers[i].socket, or_throw(input.transfer()));
    send_ticket(workers[i].socket, or_throw(quarter.transfer()));
    must_be_refused("reading what was sent", input.attach(), Errc::stale);
  }
  must_be_refused("releasing what is lent on", root.release(), Errc::has_children);
  for (const Worker& worker : workers) {
    Freeze input = or_throw(client.claim<Freeze>(receive_ticket(worker.socket)));
    Borrow quarter = or_throw(client.claim<Borrow>(receive_ticket(worker.socket)));
    or_throw(input.release());
    or_throw(quarter.release());
    must_be_refused("attaching what was released", quarter.attach(), Errc::stale);
    ::waitpid(worker.pid, nullptr, 0);
  }
  check(root);
  std::cout << "every byte is right\n";
}

}  // namespace

int main() {
  try {
    run();
    return EXIT_SUCCESS;
  } catch (const std::exception& failure) {
    std::cerr << "shared_pool: " << failure.what() << "\n";
    return EXIT_FAILURE;
  }
}

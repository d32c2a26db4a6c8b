// SPDX-License-Identifier: Apache-2.0
#include "client/lib/fork_guard.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include "proto/os/kernel.hpp"

namespace tenure::detail {

const std::atomic<std::uint32_t>* fork_word = nullptr;  // Set by guard(), before any handle exists.

namespace {

// Never destroyed: handles in static storage may outlive any order of destruction.
struct Guard {
  std::mutex fork_lock;
  std::vector<int> sockets;  // guarded by fork_lock
  std::atomic<std::uint32_t>* word = nullptr;
  std::uint32_t generation = 0;  // Kept over a fork, unlike *word.
};

std::atomic<std::uint32_t>* make_word() noexcept {
  void* page =
      ::mmap(nullptr, os::page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED || ::madvise(page, os::page_bytes(), MADV_WIPEONFORK) != 0) {
    std::abort();  // One page, and a kernel feature of 2017: our fault if it is missing.
  }
  return new (page) std::atomic<std::uint32_t>(0);
}

Guard& guard() noexcept {
  static Guard& instance = [&]() -> Guard& {
    auto* made = new Guard;
    made->word = make_word();
    fork_word = made->word;
    return *made;
  }();
  return instance;
}

void after_fork_in_child() {
  for (const int fd : guard().sockets) {
    ::close(fd);
  }
  guard().sockets.clear();
  guard().fork_lock.unlock();
}

void set_generation() noexcept {
  static const bool registered = [] {
    ::pthread_atfork(
        [] { guard().fork_lock.lock(); }, [] { guard().fork_lock.unlock(); }, after_fork_in_child);
    return true;
  }();
  static_cast<void>(registered);
  const std::scoped_lock lock(guard().fork_lock);
  // relaxed: under the lock; see is_forked(). alone: fork.generation
  if (guard().word->load(std::memory_order_relaxed) == 0) {
    guard().word->store(++guard().generation, std::memory_order_relaxed);
  }
}

}  // namespace

std::uint32_t fork_generation() noexcept {
  // relaxed: see is_forked(). alone: fork.generation
  std::uint32_t generation = guard().word->load(std::memory_order_relaxed);
  if (generation == 0) {
    set_generation();
    generation = guard().word->load(std::memory_order_relaxed);
  }
  return generation;
}

Error forked_error() {
  return {.code = Errc::forked,
          .detail = "this handle was made before a fork",
          .hint = "reopen() the role, or connect a new client, in the child"};
}

std::unique_lock<std::mutex> hold_off_fork() {
  static_cast<void>(fork_generation());
  return std::unique_lock(guard().fork_lock);
}

OwnSocket OwnSocket::open(int domain, int type) noexcept {
  const auto no_fork = hold_off_fork();
  OwnSocket socket(os::UniqueFd(::socket(domain, type, 0)), fork_generation());
  if (socket) {
    guard().sockets.push_back(socket.get());
  }
  return socket;
}

OwnSocket::OwnSocket(os::UniqueFd fd, std::uint32_t generation) noexcept
    : fd_(std::move(fd)), generation_(generation) {
}

OwnSocket::OwnSocket(OwnSocket&& other) noexcept = default;

OwnSocket& OwnSocket::operator=(OwnSocket&& other) noexcept {
  OwnSocket moved(std::move(other));
  std::swap(fd_, moved.fd_);
  std::swap(generation_, moved.generation_);
  return *this;
}

OwnSocket::~OwnSocket() {
  if (!fd_) {
    return;
  }
  if (is_forked(generation_)) {
    static_cast<void>(fd_.release());
    return;
  }
  const auto no_fork = hold_off_fork();
  std::erase(guard().sockets, fd_.get());
  fd_.reset();
}

}  // namespace tenure::detail

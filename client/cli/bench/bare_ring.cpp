// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/bare_ring.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace tenure::cli::bench {

BareRing::BareRing(void* memory, std::size_t slots, std::size_t size_bytes) noexcept
    : ends_(new(memory) Ends), slots_(slots), size_bytes_(size_bytes) {
}

Result<std::unique_ptr<BareRing>> BareRing::make(std::size_t slots, std::size_t size_bytes) {
  void* memory = ::mmap(nullptr,
                        sizeof(Ends) + slots * size_bytes,
                        PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS,
                        -1,
                        0);
  if (memory == MAP_FAILED) {
    return Error{.code = Errc::no_memory, .sys_errno = errno, .detail = std::strerror(errno)};
  }
  return std::unique_ptr<BareRing>(new BareRing(memory, slots, size_bytes));
}

BareRing::~BareRing() {
  ::munmap(ends_, sizeof(Ends) + slots_ * size_bytes_);
}

std::byte* BareRing::slot(std::uint64_t position) const noexcept {
  return reinterpret_cast<std::byte*>(ends_ + 1) + position % slots_ * size_bytes_;
}

Result<std::span<std::byte>> BareRing::draft() {
  while (mine_ - other_ == slots_) {
    // acquire: the consumer has left the slot. pairs: bench.ring_head
    other_ = ends_->head.load(std::memory_order_acquire);
  }
  return std::span(slot(mine_), size_bytes_);
}

Result<void> BareRing::push() {
  // release: the item is there. pairs: bench.ring_tail
  ends_->tail.store(++mine_, std::memory_order_release);
  return {};
}

Result<std::span<const std::byte>> BareRing::pop() {
  while (mine_ == other_) {
    // acquire: the item is there. pairs: bench.ring_tail
    other_ = ends_->tail.load(std::memory_order_acquire);
  }
  return std::span<const std::byte>(slot(mine_), size_bytes_);
}

Result<void> BareRing::ack() {
  // release: this side has left the slot. pairs: bench.ring_head
  ends_->head.store(++mine_, std::memory_order_release);
  return {};
}

}  // namespace tenure::cli::bench

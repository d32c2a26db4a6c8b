// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tenure/buffer.hpp>

#include "daemon/shm/memfd.hpp"
#include "daemon/shm/segment_memory.hpp"

namespace tenure::shm {

/// What a buffer's memory is made of.
struct BufferSpec {
  std::string name;
  std::uint64_t size_bytes = 0;
  std::uint64_t grain_bytes = 0;
  Pages pages = Pages::huge;
  SharedFd schema = {};  ///< Its text, where it is too large for a packet; kept for who opens.
};

/// The memory of one grain. Threads: one at a time; make() and retire() take long.
class Grain : public SegmentMemory {
 public:
  /// Errors: no_memory, too_many
  [[nodiscard]] static Result<std::shared_ptr<Grain>> make(const BufferSpec& spec,
                                                           std::uint64_t index);
  /// Fresh memory with the same content. Errors: as above
  [[nodiscard]] static Result<std::shared_ptr<Grain>> make_copy(const BufferSpec& spec,
                                                                std::uint64_t index,
                                                                const Grain& old);

  [[nodiscard]] Result<SharedFd> share_read_only() { return memfd_.share_read_only(); }
  [[nodiscard]] Result<SharedFd> open_read_write() const { return memfd_.open_read_write(); }
  [[nodiscard]] Writers writers() const noexcept override { return memfd_.writers(); }
  [[nodiscard]] Writers retire() noexcept override;

 private:
  Memfd memfd_;
};

/// The memory of a buffer: its grains. Threads: one at a time; make() and retire() take long.
class BufferMemory : public SegmentMemory {
 public:
  /// Errors: no_memory, too_many
  [[nodiscard]] static Result<std::shared_ptr<BufferMemory>> make(BufferSpec spec);

  [[nodiscard]] const BufferSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] const std::shared_ptr<Grain>& grain(std::uint64_t index) const {
    return grains_.at(index);
  }
  /// Puts fresh memory in the place of a grain's; the old one is left to the caller.
  [[nodiscard]] std::shared_ptr<Grain> replace(std::uint64_t index, std::shared_ptr<Grain> fresh);

  [[nodiscard]] Writers writers() const noexcept override;
  [[nodiscard]] Writers retire() noexcept override;

 private:
  BufferSpec spec_;
  std::vector<std::shared_ptr<Grain>> grains_;
};

}  // namespace tenure::shm

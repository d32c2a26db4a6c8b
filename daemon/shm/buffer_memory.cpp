// SPDX-License-Identifier: Apache-2.0
#include "daemon/shm/buffer_memory.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "daemon/shm/huge_pages.hpp"
#include "daemon/shm/memory_limit.hpp"

namespace tenure::shm {
namespace {

std::uint64_t bytes_of(const BufferSpec& spec, std::uint64_t index) noexcept {
  const std::uint64_t begin = index * spec.grain_bytes;
  return std::min(spec.grain_bytes, spec.size_bytes - begin);
}

std::string label_of(const BufferSpec& spec, std::uint64_t index) {
  return "tenure:" + spec.name.substr(0, 200) + ":" + std::to_string(index);
}

// One writer is enough.
Writers worst_of(Writers a, Writers b) noexcept {
  return a == Writers::some || b == Writers::none ? a : b;
}

}  // namespace

Result<std::shared_ptr<Grain>> Grain::make(const BufferSpec& spec, std::uint64_t index) {
  auto memfd = Memfd::make(label_of(spec, index), bytes_of(spec, index));
  if (!memfd) {
    return memfd.error();
  }
  if (spec.pages == Pages::huge) {
    collapse(memfd->mapping);
  }
  auto made = std::make_shared<Grain>();
  made->memfd_ = std::move(memfd->memfd);
  return made;
}

Result<std::shared_ptr<Grain>> Grain::make_copy(const BufferSpec& spec,
                                                std::uint64_t index,
                                                const Grain& old) {
  if (auto there = check_available(bytes_of(spec, index)); !there) {
    return there.error();
  }
  auto memfd = Memfd::make(label_of(spec, index), bytes_of(spec, index));
  if (!memfd) {
    return memfd.error();
  }
  auto content = old.memfd_.map_read_only();
  if (!content) {
    return content.error();
  }
  // Somebody may be writing there all the while: whatever is copied is what the next one finds.
  std::memcpy(memfd->mapping.data(), content->data(), content->size_bytes());
  if (spec.pages == Pages::huge) {
    collapse(memfd->mapping);
  }
  auto made = std::make_shared<Grain>();
  made->memfd_ = std::move(memfd->memfd);
  return made;
}

Writers Grain::retire() noexcept {
  memfd_.punch_out();
  return writers();
}

Result<std::shared_ptr<BufferMemory>> BufferMemory::make(BufferSpec spec) {
  if (auto there = check_available(spec.size_bytes); !there) {
    return there.error();
  }
  auto made = std::make_shared<BufferMemory>();
  const std::uint64_t count = (spec.size_bytes + spec.grain_bytes - 1) / spec.grain_bytes;
  for (std::uint64_t index = 0; index < count; ++index) {
    auto grain = Grain::make(spec, index);
    if (!grain) {
      return grain.error();
    }
    made->grains_.push_back(*std::move(grain));
  }
  made->spec_ = std::move(spec);
  return made;
}

std::shared_ptr<Grain> BufferMemory::replace(std::uint64_t index, std::shared_ptr<Grain> fresh) {
  return std::exchange(grains_.at(index), std::move(fresh));
}

Writers BufferMemory::writers() const noexcept {
  Writers worst = Writers::none;
  for (const auto& grain : grains_) {
    worst = worst_of(grain->writers(), worst);
  }
  return worst;
}

Writers BufferMemory::retire() noexcept {
  Writers worst = Writers::none;
  for (const auto& grain : grains_) {
    worst = worst_of(grain->retire(), worst);
  }
  return worst;
}

}  // namespace tenure::shm

// SPDX-License-Identifier: Apache-2.0
#include "proto/os/region_map.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <utility>

namespace tenure::os {
namespace {

constexpr std::uint64_t kHugePageBytes = std::uint64_t{2} << 20U;
constexpr int kReserved = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

}  // namespace

Result<RegionMap> RegionMap::reserve(std::uint64_t begin_bytes, std::uint64_t length_bytes) {
  const bool is_large = length_bytes >= kHugePageBytes;
  const std::uint64_t whole_bytes = length_bytes + (is_large ? kHugePageBytes : 0);
  void* whole = ::mmap(nullptr, whole_bytes, PROT_NONE, kReserved, -1, 0);
  if (whole == MAP_FAILED) {
    return map_error(errno);
  }
  auto* begin = static_cast<std::byte*>(whole);
  std::uint64_t before = 0;
  if (is_large) {
    const auto address = reinterpret_cast<std::uintptr_t>(whole);
    before =
        (begin_bytes % kHugePageBytes + kHugePageBytes - address % kHugePageBytes) % kHugePageBytes;
    if (before != 0) {
      ::munmap(begin, before);
    }
    if (before != kHugePageBytes) {
      ::munmap(begin + before + length_bytes, kHugePageBytes - before);
    }
  }
  RegionMap map;
  map.data_ = begin + before;
  map.size_bytes_ = length_bytes;
  return map;
}

RegionMap::RegionMap(RegionMap&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {
}

RegionMap& RegionMap::operator=(RegionMap&& other) noexcept {
  RegionMap moved(std::move(other));
  std::swap(data_, moved.data_);
  std::swap(size_bytes_, moved.size_bytes_);
  return *this;
}

RegionMap::~RegionMap() {
  if (data_ != nullptr) {
    ::munmap(data_, size_bytes_);
  }
}

Result<void> RegionMap::map(const Place& place,
                            int fd,
                            std::uint64_t fd_offset_bytes,
                            Protection protection) {
  const bool is_writable = protection == Protection::read_write;
  std::byte* where = data_ + place.offset_bytes;
  // MAP_FIXED replaces what is there: nobody else can get these addresses meanwhile.
  if (::mmap(where,
             place.length_bytes,
             is_writable ? PROT_READ | PROT_WRITE : PROT_READ,
             MAP_SHARED | MAP_FIXED,
             fd,
             static_cast<::off_t>(fd_offset_bytes)) == MAP_FAILED) {
    return map_error(errno);
  }
  ::madvise(where, place.length_bytes, MADV_DONTDUMP);
  if (is_writable) {
    ::madvise(where, place.length_bytes, MADV_DONTFORK);
  }
  return {};
}

Result<void> RegionMap::drop(const Place& place) {
  if (::mmap(data_ + place.offset_bytes,
             place.length_bytes,
             PROT_NONE,
             kReserved | MAP_FIXED,
             -1,
             0) == MAP_FAILED) {
    return map_error(errno);
  }
  return {};
}

void RegionMap::abandon() noexcept {
  data_ = nullptr;
  size_bytes_ = 0;
}

}  // namespace tenure::os

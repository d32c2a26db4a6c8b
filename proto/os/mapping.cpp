// SPDX-License-Identifier: Apache-2.0
#include "proto/os/mapping.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <boost/interprocess/exceptions.hpp>

namespace tenure::os {
namespace {

namespace bip = boost::interprocess;

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20U;

// What mapped_region asks of the things it maps.
struct BorrowedFd {
  int fd;
  [[nodiscard]] bip::mapping_handle_t get_mapping_handle() const noexcept {
    return bip::ipcdetail::mapping_handle_from_file_handle(fd);
  }
};

// An address range of that size at a 2 MiB boundary with nothing behind it, to be mapped over.
class AlignedReservation {
 public:
  explicit AlignedReservation(std::size_t size_bytes) noexcept : size_bytes_(size_bytes) {
    whole_bytes_ = size_bytes + kHugePageBytes;
    whole_ = ::mmap(
        nullptr, whole_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }
  AlignedReservation(const AlignedReservation&) = delete;
  AlignedReservation& operator=(const AlignedReservation&) = delete;
  // Gives back what was not mapped over: both ends, or everything.
  ~AlignedReservation() {
    if (whole_ == MAP_FAILED) {
      return;
    }
    if (!used_) {
      ::munmap(whole_, whole_bytes_);
      return;
    }
    auto* begin = static_cast<std::byte*>(whole_);
    auto* used = static_cast<std::byte*>(address());
    const std::size_t before = static_cast<std::size_t>(used - begin);
    const std::size_t page = bip::mapped_region::get_page_size();
    const std::size_t used_bytes = (size_bytes_ + page - 1) / page * page;
    if (before > 0) {
      ::munmap(begin, before);
    }
    if (whole_bytes_ - before > used_bytes) {
      ::munmap(used + used_bytes, whole_bytes_ - before - used_bytes);
    }
  }

  [[nodiscard]] explicit operator bool() const noexcept { return whole_ != MAP_FAILED; }
  [[nodiscard]] void* address() const noexcept {
    const auto begin = reinterpret_cast<std::uintptr_t>(whole_);
    return reinterpret_cast<void*>((begin + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes);
  }
  void mark_used() noexcept { used_ = true; }

 private:
  std::size_t size_bytes_;
  std::size_t whole_bytes_;
  void* whole_;
  bool used_ = false;
};

void set_advice(const bip::mapped_region& region, Protection protection) noexcept {
  ::madvise(region.get_address(), region.get_size(), MADV_DONTDUMP);
  if (protection == Protection::read_write) {
    ::madvise(region.get_address(), region.get_size(), MADV_DONTFORK);
  }
}

}  // namespace

Error map_error(int error) {
  const Errc code = error == ENOMEM || error == EAGAIN  ? Errc::no_memory
                    : error == EACCES || error == EPERM ? Errc::denied
                                                        : Errc::bad_request;
  return {
      .code = code,
      .sys_errno = error,
      .detail = std::string("mmap: ") + ::strerrordesc_np(error),
      .hint = code == Errc::no_memory ? "vm.max_map_count, RLIMIT_AS or memory is used up" : ""};
}

Mapping::Mapping(bip::mapped_region region) noexcept {
  region_.swap(region);
}
Mapping::Mapping(Mapping&& other) noexcept {
  region_.swap(other.region_);
}
Mapping& Mapping::operator=(Mapping&& other) noexcept {
  region_.swap(other.region_);
  return *this;
}

Result<Mapping> Mapping::map(int fd,
                             std::uint64_t offset_bytes,
                             std::uint64_t length_bytes,
                             Protection protection) {
  const bip::mode_t mode = protection == Protection::read ? bip::read_only : bip::read_write;
  try {
    if (length_bytes < kHugePageBytes) {
      bip::mapped_region region(
          BorrowedFd{fd}, mode, static_cast<bip::offset_t>(offset_bytes), length_bytes);
      set_advice(region, protection);
      return Mapping(std::move(region));
    }
    AlignedReservation reservation(length_bytes);
    if (!reservation) {
      return map_error(errno);
    }
    // MAP_FIXED replaces the reservation: nobody else can have taken the range meanwhile.
    bip::mapped_region region(BorrowedFd{fd},
                              mode,
                              static_cast<bip::offset_t>(offset_bytes),
                              length_bytes,
                              reservation.address(),
                              MAP_FIXED);
    reservation.mark_used();
    set_advice(region, protection);
    return Mapping(std::move(region));
  } catch (const bip::interprocess_exception& refusal) {
    return map_error(refusal.get_native_error());
  }
}

}  // namespace tenure::os

// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/piece_list.hpp"

#include "proto/wire/limits.hpp"

namespace tenure::io {

Result<void> PieceList::add(const core::TokenTable::Access& run) {
  const core::PageRange grains = buffer_.plan().grains_of(run.pages);
  for (std::uint64_t grain = grains.begin; grain < grains.end && !is_full_; ++grain) {
    auto fd = position_of(grain, run.is_writable);
    if (!fd) {
      return fd.error();
    }
    is_full_ = !*fd || pieces_.size() == wire::kMaxPieces;
    if (!is_full_) {
      add(run, grain, **fd);
    }
  }
  return {};
}

Result<std::optional<std::uint32_t>> PieceList::position_of(std::uint64_t grain, bool is_writable) {
  const auto known = positions_.find({grain, is_writable});
  if (known != positions_.end()) {
    return std::optional(known->second);
  }
  if (fds_.size() == wire::kMaxFds) {
    return std::optional<std::uint32_t>();
  }
  auto fd = is_writable ? memory_.grain(grain)->open_read_write()
                        : memory_.grain(grain)->share_read_only();
  if (!fd) {
    return fd.error();
  }
  const auto position = static_cast<std::uint32_t>(fds_.size());
  fds_.push_back(*std::move(fd));
  positions_.emplace(std::pair(grain, is_writable), position);
  return std::optional(position);
}

void PieceList::add(const core::TokenTable::Access& run, std::uint64_t grain, std::uint32_t fd) {
  const core::PageRange all = buffer_.plan().pages_of(grain);
  const core::PageRange pages = core::intersection(run.pages, all);
  const std::uint64_t page_bytes = buffer_.page_bytes();
  pieces_.push_back({.offset_bytes = pages.begin * page_bytes,
                     .length_bytes = (pages.end - pages.begin) * page_bytes,
                     .fd = fd,
                     .fd_offset_bytes = (pages.begin - all.begin) * page_bytes,
                     .is_writable = run.is_writable});
}

}  // namespace tenure::io

// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/buffer.hpp"

#include <utility>

namespace tenure::core {
namespace {

std::string text_of(const Region& region) {
  return "[" + std::to_string(region.begin_bytes) + ", " + std::to_string(region.end_bytes) + ")";
}

}  // namespace

Buffer::Buffer(std::uint64_t segment,
               std::string name,
               const BufferOptions& options,
               const BufferShape& shape,
               std::uint32_t page_bytes,
               TokenBooks& books)
    : segment_(segment),
      options_(options),
      shape_(shape),
      page_bytes_(page_bytes),
      plan_{.page_count = shape.size_bytes / page_bytes,
            .grain_pages = shape.grain_bytes / page_bytes},
      books_(books),
      grains_(plan_, options.handover),
      tokens_({.name = std::move(name), .plan = plan_, .page_bytes = page_bytes}, *this) {
}

Result<PageRange> Buffer::pages_of(const Region& region) const {
  const auto refused = [&](const std::string& why, const std::string& hint) {
    return Error{.code = Errc::bad_request, .detail = text_of(region) + " " + why, .hint = hint};
  };
  if (region.begin_bytes >= region.end_bytes) {
    return refused(region.begin_bytes == region.end_bytes ? "is empty" : "is reversed", "");
  }
  if (region.end_bytes > shape_.size_bytes) {
    return refused("ends beyond the buffer's " + std::to_string(shape_.size_bytes) + " bytes", "");
  }
  if (region.begin_bytes % page_bytes_ != 0 || region.end_bytes % page_bytes_ != 0) {
    return refused("is not whole pages",
                   "both ends have to be multiples of " + std::to_string(page_bytes_));
  }
  return PageRange{.begin = region.begin_bytes / page_bytes_,
                   .end = region.end_bytes / page_bytes_};
}

Region Buffer::region_of(const PageRange& pages) const noexcept {
  return {.begin_bytes = pages.begin * page_bytes_, .end_bytes = pages.end * page_bytes_};
}

}  // namespace tenure::core

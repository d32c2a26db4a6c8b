// SPDX-License-Identifier: Apache-2.0
#include "client/lib/token_state.hpp"

#include <algorithm>
#include <utility>

#include "client/lib/attach_in_parts.hpp"
#include "client/lib/client_state.hpp"
#include "client/lib/deadline.hpp"
#include "proto/layout/extent.hpp"
#include "proto/layout/tensor_access.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::detail {
namespace {

bool is_within(const Region& inner, const Region& outer) noexcept {
  return outer.begin_bytes <= inner.begin_bytes && inner.begin_bytes < inner.end_bytes &&
         inner.end_bytes <= outer.end_bytes;
}

Error bad_layout(const std::string& what) {
  return {.code = Errc::bad_request, .detail = "layout: " + what};
}

}  // namespace

TokenState::TokenState(std::shared_ptr<Session> session, GrantedToken granted)
    : session_(std::move(session)), generation_(fork_generation()), granted_(std::move(granted)) {
}

TokenState::~TokenState() {
  if (is_forked(generation_)) {
    map_.abandon();  // The writable pages were not inherited; others may lie there by now.
    return;
  }
  const bool was_attached = static_cast<bool>(map_);
  map_ = {};
  if (is_over_) {
    return;
  }
  if (was_attached) {
    session_->send_soon(wire::Detach{.token = granted_.id});
  }
  session_->send_soon(wire::Release{.token = granted_.id});
}

Result<void> TokenState::check_usable() const {
  return is_forked(generation_) ? forked_error() : Result<void>();
}

// ---- memory

os::RegionMap::Place TokenState::place_of(const Region& region) const noexcept {
  return {.offset_bytes = region.begin_bytes - granted_.region.begin_bytes,
          .length_bytes = region.end_bytes - region.begin_bytes};
}

Result<std::span<std::byte>> TokenState::attach() {
  if (map_) {
    return Error{.code = Errc::attached,
                 .detail = granted_.segment + ": it is attached already",
                 .hint = "detach() it first"};
  }
  const std::uint64_t length = granted_.region.end_bytes - granted_.region.begin_bytes;
  auto reserved = os::RegionMap::reserve(granted_.region.begin_bytes, length);
  if (!reserved) {
    return std::move(reserved).error();
  }
  map_ = *std::move(reserved);
  lent_.clear();
  if (auto mapped = map_all(); !mapped) {
    const bool was_begun = mapped.error().code != Errc::attached;
    map_ = {};
    if (was_begun) {
      session_->send_soon(wire::Detach{.token = granted_.id});
    }
    granted_.is_poisoned = granted_.is_poisoned || mapped.error().code == Errc::poisoned;
    return std::move(mapped).error();
  }
  return std::span(map_.data(), map_.size_bytes());
}

Result<void> TokenState::map_all() {
  return map_up_to(granted_.region.end_bytes,
                   {.token = granted_.id, .from_bytes = granted_.region.begin_bytes});
}

Result<void> TokenState::map_again(const Region& region) {
  return map_up_to(
      region.end_bytes,
      {.token = granted_.id, .from_bytes = region.begin_bytes, .again_to_bytes = region.end_bytes});
}

Result<void> TokenState::map_up_to(std::uint64_t end_bytes, const wire::Attach& request) {
  return attach_in_parts(
      *session_,
      request,
      end_bytes,
      [&](const wire::Attached& attached, const Region& part, std::vector<os::UniqueFd>& fds) {
        auto mapped = map_pieces(attached, part, fds);
        fds.clear();  // Under the fork lock: no child inherits a writable one.
        return mapped;
      });
}

// What no piece of `part` has is lent on.
Result<void> TokenState::map_pieces(const wire::Attached& attached,
                                    const Region& part,
                                    const std::vector<os::UniqueFd>& fds) {
  std::uint64_t covered = part.begin_bytes;
  for (const wire::Piece& piece : attached.pieces) {
    const Region region{.begin_bytes = piece.offset_bytes,
                        .end_bytes = piece.offset_bytes + piece.length_bytes};
    if (covered < region.begin_bytes) {
      lent_.push_back({.begin_bytes = covered, .end_bytes = region.begin_bytes});
    }
    covered = region.end_bytes;
    if (granted_.mode == TokenMode::borrow && !piece.is_writable) {
      lent_.push_back(region);
    }
    if (auto mapped =
            map_.map(place_of(region),
                     fds[piece.fd].get(),
                     piece.fd_offset_bytes,
                     piece.is_writable ? os::Protection::read_write : os::Protection::read);
        !mapped) {
      return std::move(mapped).error();
    }
  }
  if (covered < part.end_bytes) {
    lent_.push_back({.begin_bytes = covered, .end_bytes = part.end_bytes});
  }
  return {};
}

Result<void> TokenState::detach() {
  if (!map_) {
    return Error{.code = Errc::not_attached,
                 .detail = granted_.segment + ": it is not attached",
                 .hint = "attach() maps it"};
  }
  map_ = {};
  lent_.clear();
  auto done = session_->ask<wire::Done>(wire::Detach{.token = granted_.id}, deadline_of(kPatience));
  // Without a broker there is no token any more, and nobody to tell.
  const bool is_told = done || done.error().code == Errc::broker_gone;
  return is_told ? Result<void>() : std::move(done).error();
}

// ---- the right

Result<void> TokenState::release() {
  if (map_) {
    return Error{.code = Errc::attached,
                 .detail = granted_.segment + ": it is attached",
                 .hint = "detach() it first"};
  }
  auto done =
      session_->ask<wire::Done>(wire::Release{.token = granted_.id}, deadline_of(kPatience));
  if (!done) {
    return std::move(done).error();
  }
  is_over_ = true;
  return {};
}

Result<std::string> TokenState::transfer(const TransferOptions& options) {
  if (map_) {
    return Error{.code = Errc::attached,
                 .detail = granted_.segment + ": it is attached",
                 .hint = "detach() it first"};
  }
  auto sent = session_->ask<wire::Sent>(wire::Transfer{.token = granted_.id,
                                                       .expires_in = options.expires_in,
                                                       .to_uid = options.to_uid,
                                                       .to_session = options.to_session},
                                        deadline_of(kPatience));
  if (!sent) {
    return std::move(sent).error();
  }
  is_over_ = true;
  return std::move(sent->ticket);
}

Result<void> TokenState::acknowledge() {
  auto done =
      session_->ask<wire::Done>(wire::Acknowledge{.token = granted_.id}, deadline_of(kPatience));
  if (!done) {
    return std::move(done).error();
  }
  granted_.is_poisoned = false;
  return {};
}

Result<void> TokenState::wait_returned(Timeout timeout) {
  auto done = session_->ask<wire::Done>(
      wire::WaitReturned{.token = granted_.id, .timeout = timeout.at_most()},
      answer_deadline(timeout));
  if (!done) {
    return std::move(done).error();
  }
  std::vector<Region> missing = map_ ? std::exchange(lent_, {}) : std::vector<Region>();
  for (; !missing.empty(); missing.pop_back()) {
    if (auto mapped = map_again(missing.back()); !mapped) {
      lent_.insert(lent_.end(), missing.begin(), missing.end());
      granted_.is_poisoned = granted_.is_poisoned || mapped.error().code == Errc::poisoned;
      return mapped;
    }
  }
  return {};
}

// First the pages go, then the right: the broker asks the kernel whether they are gone.
Result<std::vector<GrantedToken>> TokenState::lend(TokenMode mode,
                                                   std::span<const Region> regions,
                                                   const TokenOptions& options) {
  const bool drops = map_ && granted_.mode == TokenMode::borrow;
  for (const Region& region : regions) {
    if (drops && is_within(region, granted_.region)) {
      if (auto dropped = map_.drop(place_of(region)); !dropped) {
        return std::move(dropped).error();
      }
    }
  }
  auto lent = detail::lend(
      *session_,
      {.segment = granted_.segment, .issuer = granted_.id, .page_bytes = granted_.page_bytes},
      mode,
      regions,
      options);
  if (!drops) {
    return lent;
  }
  if (lent) {
    lent_.insert(lent_.end(), regions.begin(), regions.end());
  }
  for (const Region& region : regions) {
    if ((!lent || mode == TokenMode::freeze) && is_within(region, granted_.region)) {
      // Refused, the pages are what they were; frozen, they can be read.
      static_cast<void>(map_again(region));
    }
  }
  return lent;
}

// ---- tensors

Result<TensorSpan> TokenState::tensor() const {
  if (granted_.layout.empty()) {
    return Error{.code = Errc::not_found,
                 .detail = granted_.segment + ": no layout came with the token",
                 .hint = "say what lies there: tensor(layout)"};
  }
  auto layout = wire::decode_layout(granted_.layout);
  if (!layout) {
    return std::move(layout).error();
  }
  return tensor(*layout);
}

Result<TensorSpan> TokenState::tensor(const Layout& layout) const {
  if (!map_) {
    return Error{.code = Errc::not_attached,
                 .detail = granted_.segment + ": it is not attached",
                 .hint = "attach() maps it"};
  }
  if (layout.dtype == DType::any) {
    return bad_layout("no dtype");
  }
  const auto bytes = layout::packed_bytes(layout.shape.extents(), layout.dtype);
  if (!bytes || layout.shape.rank() > kMaxRank) {
    return bad_layout("a rank above 8, a negative extent, or too many bytes");
  }
  const std::uint64_t offset = layout.offset_bytes.value_or(granted_.region.begin_bytes);
  if (offset < granted_.region.begin_bytes || offset > granted_.region.end_bytes ||
      *bytes > granted_.region.end_bytes - offset) {
    return bad_layout(std::to_string(*bytes) + " bytes at " + std::to_string(offset) +
                      " leave the region [" + std::to_string(granted_.region.begin_bytes) + ", " +
                      std::to_string(granted_.region.end_bytes) + ")");
  }
  constexpr std::uint64_t bits_per_byte = 8;
  const std::uint64_t align = std::max<std::uint64_t>(bits_of(layout.dtype) / bits_per_byte, 1);
  if (offset % align != 0) {
    return bad_layout("offset " + std::to_string(offset) + " is no multiple of the element's " +
                      std::to_string(align) + " bytes");
  }
  std::array<std::int64_t, kMaxRank> strides{};
  const auto extents = layout.shape.extents();
  layout::contiguous_strides(extents, layout.dtype, std::span(strides).first(extents.size()));
  return TensorAccess::span(map_.data() + (offset - granted_.region.begin_bytes),
                            {.dtype = layout.dtype,
                             .extents = extents,
                             .strides_bytes = std::span(strides).first(extents.size()),
                             .size_bytes = *bytes});
}

}  // namespace tenure::detail

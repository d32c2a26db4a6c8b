// SPDX-License-Identifier: Apache-2.0
#include <tenure/inherited_region.hpp>

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "client/lib/attach_in_parts.hpp"
#include "client/lib/client_state.hpp"
#include "client/lib/deadline.hpp"
#include "client/lib/token_state.hpp"

namespace tenure {
namespace detail {

/// Threads: one at a time.
class InheritedRegionState {
 public:
  InheritedRegionState(std::shared_ptr<Session> session, std::uint64_t token)
      : session_(std::move(session)), token_(token), generation_(fork_generation()) {}

  [[nodiscard]] Result<void> attach(const Region& region);
  [[nodiscard]] Result<void> bequeath() const;
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  void close() noexcept { fds_.clear(); }
  [[nodiscard]] Result<void> detach();

 private:
  void take(const wire::Attached& attached, std::vector<os::UniqueFd>& fds);

  const std::shared_ptr<Session> session_;
  const std::uint64_t token_;
  const std::uint32_t generation_;
  std::vector<os::UniqueFd> fds_ = {};
  std::string text_ = {};
};

namespace {

std::string text_of(int fd, const wire::Piece& piece) {
  std::string text = std::to_string(fd);
  for (const std::uint64_t number :
       {piece.fd_offset_bytes, piece.offset_bytes, piece.length_bytes}) {
    text += ":" + std::to_string(number);
  }
  return text;
}

Error empty_region() {
  return {.code = Errc::stale, .detail = "this region was moved from, or is closed"};
}

}  // namespace

Result<void> InheritedRegionState::attach(const Region& region) {
  return attach_in_parts(
      *session_,
      {.token = token_, .from_bytes = region.begin_bytes},
      region.end_bytes,
      [this](
          const wire::Attached& attached, const Region& /*part*/, std::vector<os::UniqueFd>& fds) {
        take(attached, fds);
        return Result<void>();
      });
}

void InheritedRegionState::take(const wire::Attached& attached, std::vector<os::UniqueFd>& fds) {
  for (const wire::Piece& piece : attached.pieces) {
    text_ += (text_.empty() ? "" : ";") + text_of(fds[piece.fd].get(), piece);
  }
  for (os::UniqueFd& fd : fds) {
    fds_.push_back(std::move(fd));
  }
}

Result<void> InheritedRegionState::bequeath() const {
  if (fds_.empty()) {
    return empty_region();
  }
  for (const os::UniqueFd& fd : fds_) {
    if (::fcntl(fd.get(), F_SETFD, 0) != 0) {
      return Error{.code = Errc::bad_request, .sys_errno = errno, .detail = std::strerror(errno)};
    }
  }
  return {};
}

Result<void> InheritedRegionState::detach() {
  if (is_forked(generation_)) {
    return forked_error();
  }
  close();
  auto done = session_->ask<wire::Done>(wire::Detach{.token = token_}, deadline_of(kPatience));
  return done ? Result<void>() : std::move(done).error();
}

}  // namespace detail

Result<InheritedRegion> InheritedRegion::attach(const Token& token) {
  const detail::TokenState* const held = detail::TokenAccess::state_of(token);
  if (held == nullptr) {
    return Error{.code = Errc::stale, .detail = "this token is empty"};
  }
  if (auto usable = held->check_usable(); !usable) {
    return usable.error();
  }
  auto state = std::make_unique<detail::InheritedRegionState>(held->session(), held->granted().id);
  if (auto attached = state->attach(held->granted().region); !attached) {
    if (attached.error().code != Errc::attached) {
      held->session()->send_soon(wire::Detach{.token = held->granted().id});
    }
    return attached.error();
  }
  return InheritedRegion(std::move(state));
}

InheritedRegion::InheritedRegion(std::unique_ptr<detail::InheritedRegionState> state) noexcept
    : state_(std::move(state)) {
}
InheritedRegion::InheritedRegion(InheritedRegion&& other) noexcept = default;
InheritedRegion& InheritedRegion::operator=(InheritedRegion&& other) noexcept = default;
InheritedRegion::~InheritedRegion() = default;

std::string InheritedRegion::text() const {
  return state_ == nullptr ? "" : state_->text();
}

Result<void> InheritedRegion::bequeath() const {
  return state_ == nullptr ? detail::empty_region() : state_->bequeath();
}

void InheritedRegion::close() noexcept {
  if (state_ != nullptr) {
    state_->close();
  }
}

Result<void> InheritedRegion::detach() {
  return state_ == nullptr ? detail::empty_region() : state_->detach();
}

}  // namespace tenure

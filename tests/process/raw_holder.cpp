// SPDX-License-Identifier: Apache-2.0
#include "tests/process/raw_holder.hpp"

#include <sys/stat.h>

#include <utility>

#include "client/lib/deadline.hpp"

namespace tenure::test {

using detail::deadline_of;
using detail::kPatience;

RawHolder::RawHolder(const std::string& socket)
    : client_(or_throw(detail::ClientState::connect({.socket = socket, .name = "liar"}))),
      session_(or_throw(client_->session())) {
}

void RawHolder::claim(const std::string& ticket) {
  token_ =
      or_throw(session_->ask<wire::Claimed>(wire::Claim{.ticket = ticket}, deadline_of(kPatience)))
          .token;
}

void RawHolder::attach() {
  const detail::Session::Accept accept = [&](wire::ReplyBody&& reply,
                                             std::vector<os::UniqueFd>&& fds) {
    attached_ = std::get<wire::Attached>(std::move(reply));
    fds_ = std::move(fds);
  };
  or_throw(session_->call(wire::Attach{.token = token_}, deadline_of(kPatience), accept));
}

::ino_t RawHolder::inode() const {
  struct ::stat status{};
  ::fstat(fd(), &status);
  return status.st_ino;
}

os::Mapping RawHolder::mapped() const {
  const wire::Piece& piece = attached_.pieces.at(0);
  return or_throw(
      os::Mapping::map(fd(),
                       piece.fd_offset_bytes,
                       piece.length_bytes,
                       piece.is_writable ? os::Protection::read_write : os::Protection::read));
}

void RawHolder::let_go() {
  map_ = {};
  fds_.clear();
}

Result<void> RawHolder::detach() {
  auto done = session_->ask<wire::Done>(wire::Detach{.token = token_}, deadline_of(kPatience));
  return done ? Result<void>() : std::move(done).error();
}

Result<void> RawHolder::release() {
  auto done = session_->ask<wire::Done>(wire::Release{.token = token_}, deadline_of(kPatience));
  return done ? Result<void>() : std::move(done).error();
}

}  // namespace tenure::test

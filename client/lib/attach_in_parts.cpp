// SPDX-License-Identifier: Apache-2.0
#include "client/lib/attach_in_parts.hpp"

#include <algorithm>

#include "client/lib/client_state.hpp"
#include "client/lib/deadline.hpp"

namespace tenure::detail {
namespace {

Error corrupt(const char* what) {
  return {.code = Errc::corrupt, .detail = std::string("the broker's answer: ") + what};
}

bool has_its_fd(const wire::Piece& piece, const Region& part, std::size_t fd_count) noexcept {
  return part.begin_bytes <= piece.offset_bytes && piece.offset_bytes < part.end_bytes &&
         piece.length_bytes != 0 && piece.length_bytes <= part.end_bytes - piece.offset_bytes &&
         piece.fd < fd_count;
}

}  // namespace

Result<void> attach_in_parts(Session& session,
                             wire::Attach request,
                             std::uint64_t end_bytes,
                             const TakePieces& take) {
  while (request.from_bytes < end_bytes) {
    Result<void> taken = corrupt("something else than asked");
    Region part{.begin_bytes = request.from_bytes, .end_bytes = request.from_bytes};
    const Session::Accept accept = [&](wire::ReplyBody&& reply, std::vector<os::UniqueFd>&& fds) {
      const auto* const attached = std::get_if<wire::Attached>(&reply);
      if (attached == nullptr) {
        return;
      }
      part.end_bytes = std::min(attached->up_to_bytes, end_bytes);
      const bool is_good = std::ranges::all_of(attached->pieces, [&](const wire::Piece& piece) {
        return has_its_fd(piece, part, fds.size());
      });
      taken = is_good ? take(*attached, part, fds)
                      : corrupt("a piece outside of the region, or without its fd");
    };
    if (auto called = session.call(request, deadline_of(kPatience), accept); !called) {
      return called;
    }
    if (!taken) {
      return taken;
    }
    if (part.end_bytes <= request.from_bytes) {
      return corrupt("no pages");
    }
    request.from_bytes = part.end_bytes;
  }
  return {};
}

}  // namespace tenure::detail

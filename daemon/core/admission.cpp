// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/admission.hpp"

#include <string>

#include "daemon/core/declared_text.hpp"
#include "daemon/core/rights.hpp"

namespace tenure::core {
namespace {

Kind kind_of(wire::OpenAs as) noexcept {
  switch (as) {
    case wire::OpenAs::lend:
      return Kind::buffer;
    case wire::OpenAs::produce:
    case wire::OpenAs::consume:
      return Kind::queue;
    default:
      return Kind::topic;
  }
}

std::optional<Error> check_kind(const Segment& segment, wire::OpenAs as) {
  if (segment.kind() == kind_of(as)) {
    return std::nullopt;
  }
  return Error{.code = Errc::unsupported, .detail = "it is a " + to_text(segment.kind())};
}

std::optional<Error> check_rights(const Identity& who, const Segment& segment, wire::OpenAs as) {
  const std::uint32_t needed =
      segment.queue ? rights_needed(as, segment.queue->options().consume) : rights_needed(as);
  const std::uint32_t has = rights_of(who, segment.ownership());
  if ((has & needed) == needed) {
    return std::nullopt;
  }
  return Error{.code = Errc::denied,
               .detail = "uid " + std::to_string(who.uid) + " has " + to_text(has) + ", needs " +
                         to_text(needed),
               .hint = "its owner, uid " + std::to_string(segment.uid) +
                       ", decides by mode and group when it creates it"};
}

std::optional<Error> check_lane(const Segment& segment, const wire::Open& request) {
  const bool wants_parked = request.as == wire::OpenAs::consume && !request.lane;
  if (!segment.queue || wants_parked) {
    return std::nullopt;
  }
  const std::size_t lanes = segment.queue->options().lanes;
  if (request.lane && *request.lane < lanes) {
    return std::nullopt;
  }
  return bad_field(
      "lane",
      request.lane ? std::to_string(*request.lane) : "none",
      lanes == 1 ? "only 0 is allowed" : "0 to " + std::to_string(lanes - 1) + " are allowed");
}

}  // namespace

std::optional<Error> check_admission(const Identity& who,
                                     const Segment& segment,
                                     const wire::Open& request) {
  if (auto bad = check_kind(segment, request.as)) {
    return bad;
  }
  if (auto bad = check_rights(who, segment, request.as)) {
    return bad;
  }
  return check_lane(segment, request);
}

}  // namespace tenure::core

// SPDX-License-Identifier: Apache-2.0
#include "client/lib/lending.hpp"

#include <utility>

#include "client/lib/client_state.hpp"
#include "client/lib/deadline.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::detail {

Result<wire::Lend> lend_request(const LendingPlace& place,
                                TokenMode mode,
                                std::span<const Region> regions,
                                const TokenOptions& options) {
  wire::Lend request{.handle = place.handle,
                     .issuer = place.issuer,
                     .mode = mode,
                     .regions = {regions.begin(), regions.end()},
                     .timeout = options.timeout.at_most()};
  if (options.layout) {
    if (options.layout->dtype == DType::any) {
      return Error{.code = Errc::bad_request, .detail = "layout: no dtype"};
    }
    request.layout = wire::encode_layout(*options.layout);
  }
  return request;
}

Result<std::vector<GrantedToken>> take_lent(const wire::ReplyBody& reply,
                                            const LendingPlace& place,
                                            const wire::Lend& request) {
  const auto* lent = std::get_if<wire::Lent>(&reply);
  if (lent == nullptr || lent->tokens.size() != request.regions.size()) {
    return Error{.code = Errc::corrupt, .detail = "the broker's answer: something else than asked"};
  }
  std::vector<GrantedToken> granted;
  granted.reserve(lent->tokens.size());
  for (std::size_t i = 0; i < lent->tokens.size(); ++i) {
    granted.push_back({.segment = place.segment,
                       .id = lent->tokens[i].token,
                       .mode = request.mode,
                       .region = request.regions[i],
                       .page_bytes = place.page_bytes,
                       .layout = request.layout,
                       .is_poisoned = lent->tokens[i].is_poisoned});
  }
  return granted;
}

Result<std::vector<GrantedToken>> lend(Session& session,
                                       const LendingPlace& place,
                                       TokenMode mode,
                                       std::span<const Region> regions,
                                       const TokenOptions& options) {
  auto request = lend_request(place, mode, regions, options);
  if (!request) {
    return std::move(request).error();
  }
  auto lent = session.ask<wire::Lent>(*request, answer_deadline(options.timeout));
  if (!lent) {
    return std::move(lent).error();
  }
  return take_lent(*std::move(lent), place, *request);
}

}  // namespace tenure::detail

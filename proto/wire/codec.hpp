// SPDX-License-Identifier: Apache-2.0
/// Messages as JSON packets. Decoding trusts nothing: sizes, nesting, types and ranges are checked.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenure/result.hpp>

#include "proto/wire/messages.hpp"

namespace tenure::wire {

/// One packet. The caller has made sure that it fits (pages, schema in an fd).
[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Reply& reply);
[[nodiscard]] std::string encode(const Event& event);

/// A request that could not be read: whom to answer, and what to say.
struct BadRequest {
  std::uint64_t id = 0;  ///< 0: not even that could be read.
  Error error;
  bool fatal =
      true;  ///< Malformed: answer and close. Not fatal: an unknown op, a field out of range.
};
[[nodiscard]] std::variant<Request, BadRequest> decode_request(std::string_view packet);

/// Errors: corrupt  not a reply or event of this protocol. Unknown fields are ignored; an event of
///                  an unknown kind is `unsupported`, to be skipped.
[[nodiscard]] Result<Message> decode_message(std::string_view packet);

/// The JSON text of a schema, as it stands in a packet or in a memfd of its own.
[[nodiscard]] std::string encode_schema(std::span<const TensorSpec> schema);
/// Errors: bad_request  the detail names the field
[[nodiscard]] Result<std::vector<TensorSpec>> decode_schema(std::string_view text);
/// The same with offsets; one that is not there is 0.
[[nodiscard]] std::string encode_schema(std::span<const FixedTensor> schema);
[[nodiscard]] Result<std::vector<FixedTensor>> decode_placed_schema(std::string_view text);

/// A layout as it travels with a token: opaque to the broker, and input to whoever claims it.
[[nodiscard]] std::string encode_layout(const Layout& layout);
/// Errors: bad_request
[[nodiscard]] Result<Layout> decode_layout(std::string_view text);

}  // namespace tenure::wire

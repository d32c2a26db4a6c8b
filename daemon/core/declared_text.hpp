// SPDX-License-Identifier: Apache-2.0
/// What all kinds of segments check, measure and compare alike when they are declared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tenure/client.hpp>

namespace tenure::core {

/// bad_request: "slots: 65; 1 to 64 are allowed".
[[nodiscard]] Error bad_field(const char* field,
                              const std::string& value,
                              const std::string& allowed);
[[nodiscard]] std::optional<Error> check_mode(const Terms& terms);

/// Bytes of a schema's JSON text, at most.
[[nodiscard]] std::uint64_t schema_text_bytes(const std::vector<TensorSpec>& schema) noexcept;

/// "queue".
[[nodiscard]] std::string to_text(Kind kind);
/// "slots: 4 there, 8 asked for".
[[nodiscard]] std::string differ(const std::string& field,
                                 const std::string& there,
                                 const std::string& asked);
[[nodiscard]] std::optional<std::string> schema_difference(const std::vector<TensorSpec>& there,
                                                           const std::vector<TensorSpec>& asked);
[[nodiscard]] std::optional<std::string> terms_difference(const Terms& there, const Terms& asked);

}  // namespace tenure::core

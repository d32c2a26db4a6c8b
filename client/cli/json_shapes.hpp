// SPDX-License-Identifier: Apache-2.0
/// What --json prints (tenure(1) lists the members). Members are only ever added.
#pragma once

#include <span>

#include <nlohmann/json_fwd.hpp>

#include <tenure/client.hpp>

namespace tenure::cli {

[[nodiscard]] nlohmann::json to_json(const Peer& peer);
[[nodiscard]] nlohmann::json to_json(const Reader& reader);
[[nodiscard]] nlohmann::json to_json(std::span<const TensorSpec> schema);
[[nodiscard]] nlohmann::json to_json(const Lane& lane);
[[nodiscard]] nlohmann::json to_json(std::span<const Participant> participants);
/// Without readers and participants: `ls` has none to show.
[[nodiscard]] nlohmann::json to_json(const SegmentInfo& info);
[[nodiscard]] nlohmann::json to_json(const TokenInfo& token);
[[nodiscard]] nlohmann::json to_json(const TokenReport& report);
[[nodiscard]] nlohmann::json to_json(const BrokerInfo& info);
/// Of one tensor as it is in a bundle.
[[nodiscard]] nlohmann::json to_json(std::string_view name, const TensorView& tensor);
[[nodiscard]] nlohmann::json to_json(std::span<const NamedTensor> tensors);

[[nodiscard]] std::string_view name_of(Kind kind) noexcept;
[[nodiscard]] std::string_view name_of(Lifetime lifetime) noexcept;
[[nodiscard]] std::string_view name_of(Retention retention) noexcept;
[[nodiscard]] std::string_view name_of(Consume consume) noexcept;
[[nodiscard]] std::string_view name_of(WhenFull when_full) noexcept;
[[nodiscard]] std::string_view name_of(TokenMode mode) noexcept;
[[nodiscard]] std::string_view name_of(TokenInfo::State state) noexcept;

/// "0750".
[[nodiscard]] std::string format_mode(std::uint32_t mode);

}  // namespace tenure::cli

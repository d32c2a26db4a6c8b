// SPDX-License-Identifier: Apache-2.0
/// The verbs of a Client that take more than one packet.
#pragma once

#include <string_view>

#include <tenure/client.hpp>

#include "client/lib/client_state.hpp"

namespace tenure::detail {

[[nodiscard]] Result<void> create_topic(ClientState& client,
                                        std::string_view name,
                                        const TopicOptions& options);
[[nodiscard]] Result<void> create_queue(ClientState& client,
                                        std::string_view name,
                                        const QueueOptions& options);
[[nodiscard]] Result<void> create_buffer(ClientState& client,
                                         std::string_view name,
                                         const BufferOptions& options);
[[nodiscard]] Result<wire::Claimed> claim(Session& session,
                                          std::string_view ticket,
                                          TokenMode mode);
[[nodiscard]] Result<TokenReport> tokens(ClientState& client, std::string_view name);
[[nodiscard]] Result<SegmentInfo> inspect(ClientState& client, std::string_view name);
[[nodiscard]] Result<Event> next_event(ClientState& client, Timeout timeout);

}  // namespace tenure::detail

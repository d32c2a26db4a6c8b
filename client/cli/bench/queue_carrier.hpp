// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include <tenure/client.hpp>

#include "client/cli/bench/carrier.hpp"

namespace tenure::cli::bench {

enum class Side : unsigned char { producer, consumer };

/// A queue of Tenure, from one side; opened after the fork.
class QueueCarrier final : public Carrier {
 public:
  /// Waits a little for the name. Errors: those of opening
  [[nodiscard]] Result<void> open(Client& client, const std::string& name, Side side);

  /// Errors: stale  the other side;  those of Producer and Draft
  [[nodiscard]] Result<std::span<std::byte>> draft() override;
  [[nodiscard]] Result<void> push() override;
  /// Errors: stale  the other side;  those of Consumer and Item
  [[nodiscard]] Result<std::span<const std::byte>> pop() override;
  [[nodiscard]] Result<void> ack() override;

 private:
  std::optional<Producer> producer_;
  std::optional<Consumer> consumer_;
  std::optional<Draft> draft_;
  std::optional<Item> item_;
};

}  // namespace tenure::cli::bench

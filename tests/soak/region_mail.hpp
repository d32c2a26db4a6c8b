// SPDX-License-Identifier: Apache-2.0
/// Tickets on their way from worker to worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tests/soak/board.hpp"

namespace tenure::soak {

/// A ticket, and what is known of it.
struct Mail {
  std::string ticket;
  bool is_borrow = false;
  bool is_spent = false;                      ///< The sender has claimed it.
  std::optional<std::uint32_t> session = {};  ///< Whom alone it is for.
  std::optional<std::uint32_t> uid = {};
};

/// A queue of datagrams for each worker. It outlives the workers, so that mail reaches the one that
/// comes after. Threads: one.
class MailBoxes {
 public:
  MailBoxes();
  MailBoxes(const MailBoxes&) = delete;
  MailBoxes& operator=(const MailBoxes&) = delete;
  ~MailBoxes();

  /// Empties all, and shows them to the workers of a round.
  void clear(Board& board);

 private:
  std::array<std::array<int, 2>, kMaxRegionWorkers> fds_{};
};

/// Lost where the box is full: a ticket expires then.
void send_mail(const Board& board, std::size_t to, const Mail& mail);
/// Nothing: the box is empty.
[[nodiscard]] std::optional<Mail> receive_mail(const Board& board, std::size_t worker);

}  // namespace tenure::soak

// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/region_mail.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace tenure::soak {
namespace {

struct Datagram {
  std::uint64_t session = 0;
  std::uint64_t uid = 0;
  std::uint32_t is_borrow = 0;
  std::uint32_t is_spent = 0;
  std::array<char, 224> ticket{};
};

constexpr std::uint64_t kAnybody = ~std::uint64_t{0};

std::optional<std::uint32_t> narrowed(std::uint64_t number) {
  return number == kAnybody ? std::nullopt : std::optional(static_cast<std::uint32_t>(number));
}

}  // namespace

MailBoxes::MailBoxes() {
  for (auto& pair : fds_) {
    // Inherited over exec.
    if (::socketpair(AF_UNIX, SOCK_DGRAM, 0, pair.data()) != 0) {
      throw std::runtime_error(std::string("socketpair: ") + std::strerror(errno));
    }
  }
}

MailBoxes::~MailBoxes() {
  for (const auto& pair : fds_) {
    ::close(pair[0]);
    ::close(pair[1]);
  }
}

void MailBoxes::clear(Board& board) {
  board.regions.mail_fds = fds_;
  for (std::size_t worker = 0; worker < fds_.size(); ++worker) {
    while (receive_mail(board, worker)) {
    }
  }
}

void send_mail(const Board& board, std::size_t to, const Mail& mail) {
  Datagram datagram{.session = mail.session ? *mail.session : kAnybody,
                    .uid = mail.uid ? *mail.uid : kAnybody,
                    .is_borrow = mail.is_borrow ? 1U : 0U,
                    .is_spent = mail.is_spent ? 1U : 0U,
                    .ticket = {}};
  if (mail.ticket.size() >= datagram.ticket.size()) {
    throw std::runtime_error("a ticket of " + std::to_string(mail.ticket.size()) + " bytes");
  }
  std::ranges::copy(mail.ticket, datagram.ticket.begin());
  ::send(board.regions.mail_fds.at(to)[0], &datagram, sizeof datagram, MSG_DONTWAIT);
}

std::optional<Mail> receive_mail(const Board& board, std::size_t worker) {
  Datagram datagram;
  const ::ssize_t size =
      ::recv(board.regions.mail_fds.at(worker)[1], &datagram, sizeof datagram, MSG_DONTWAIT);
  if (size != sizeof datagram) {
    return std::nullopt;
  }
  return Mail{.ticket = datagram.ticket.data(),
              .is_borrow = datagram.is_borrow != 0,
              .is_spent = datagram.is_spent != 0,
              .session = narrowed(datagram.session),
              .uid = narrowed(datagram.uid)};
}

}  // namespace tenure::soak

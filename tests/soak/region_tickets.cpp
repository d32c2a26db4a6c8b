// SPDX-License-Identifier: Apache-2.0
// Tokens that go from process to process.
#include <type_traits>
#include <utility>

#include "tests/soak/region_actions.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

// Longer, and a round would wait for tickets of the dead.
constexpr std::uint64_t kLongestTicketMs = 500;

}  // namespace

void RegionActions::send() {
  const auto index = pick();
  if (!index) {
    return;
  }
  Random& random = worker_.random();
  const RegionBoard& board = worker_.regions();
  const std::size_t to = random.below(board.worker_count);
  const WorkerBoard& peer = worker_.board().workers.at(to);
  Mail mail{.ticket = {}, .is_borrow = held_[*index]->is_borrow()};
  if (random.one_in(6) && peer.session != 0) {
    mail.session = peer.session;
  }
  if (board.has_many_uids && random.one_in(6)) {
    mail.uid = peer.spec.uid;
  }
  const auto life = random.one_in(4) ? random.between(1, 20) : kLongestTicketMs;
  auto ticket = held_[*index]->transfer({.expires_in = std::chrono::milliseconds(life),
                                         .to_uid = mail.uid,
                                         .to_session = mail.session});
  if (!ticket) {
    return;
  }
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(*index));
  mail.ticket = *std::move(ticket);
  sent_.insert(mail.ticket);
  // Now and then to two: one of them at most gets the token.
  for (std::uint64_t copies = random.one_in(5) ? 2 : 1; copies != 0; --copies) {
    const bool is_misled = random.one_in(5);
    send_mail(worker_.board(), is_misled ? random.below(board.worker_count) : to, mail);
  }
}

void RegionActions::receive() {
  const auto mail = receive_mail(worker_.board(), worker_.index());
  if (mail && !is_full()) {
    claim(*mail);
  }
}

void RegionActions::claim(const Mail& mail) {
  const bool is_other_kind = worker_.random().one_in(10);
  const bool is_claimed =
      mail.is_borrow != is_other_kind ? claim_as<Borrow>(mail) : claim_as<Freeze>(mail);
  if (!is_claimed) {
    return;
  }
  claimed_.insert(mail.ticket);
  const bool is_for_other = (mail.session && *mail.session != client_->session()) ||
                            (mail.uid && *mail.uid != worker_.spec().uid);
  const bool is_denied = is_for_other && !sent_.contains(mail.ticket);
  if (mail.is_spent || is_denied || is_other_kind) {
    worker_.violation(mail.is_spent ? "a ticket was claimed twice"
                      : is_denied   ? "a ticket for somebody else was claimed"
                                    : "a ticket was claimed as what it is not");
  }
  if (worker_.random().one_in(4)) {
    Mail spent = mail;
    spent.is_spent = true;
    send_mail(worker_.board(), worker_.random().below(worker_.regions().worker_count), spent);
  }
}

// The one it is for may be another, it may be late, or share a grain with another uid.
template <class T>
bool RegionActions::claim_as(const Mail& mail) {
  auto claimed = client_->claim<T>(mail.ticket);
  if (!worker_.expect(
          "claim", claimed, {Errc::stale, Errc::denied, Errc::bad_request, Errc::needs_grain})) {
    return false;
  }
  for (std::uint32_t buffer = 0; buffer < buffers_.size(); ++buffer) {
    if (claimed->segment() == buffer_name(worker_.board().round, buffer)) {
      held_.push_back(std::make_unique<Holding>(worker_, buffer, *std::move(claimed)));
      return true;
    }
  }
  worker_.violation("a ticket for " + std::string(claimed->segment()));
  return true;
}

void RegionActions::take_events() {
  for (auto event = client_->event(kNoWait);; event = client_->event(kNoWait)) {
    if (!event) {
      static_cast<void>(worker_.expect("event", event, {Errc::empty}));
      return;
    }
    if (event->what == Event::What::ticket || event->what == Event::What::returned) {
      claim_event(*event);
    } else {
      worker_.violation("an event that nothing gives cause to: " +
                        std::to_string(static_cast<int>(event->what)));
    }
  }
}

// It does not say of which kind the token is. One that came back waits for nobody else.
void RegionActions::claim_event(const Event& event) {
  const auto is_other_kind = [](const auto& claimed) {
    return !claimed && claimed.error().code == Errc::bad_request;
  };
  // Unless this session had sent it to itself as well.
  const bool must_be_there =
      event.what == Event::What::returned && !claimed_.contains(event.ticket);
  const auto check = [&](const auto& claimed) {
    if (claimed) {
      claimed_.insert(event.ticket);
    }
    return must_be_there ? worker_.expect("claim what came back", claimed, {Errc::needs_grain})
                         : worker_.expect("claim what was sent to this session",
                                          claimed,
                                          {Errc::stale, Errc::needs_grain, Errc::denied});
  };
  std::uint32_t buffer = 0;
  while (buffer + 1 < buffers_.size() &&
         event.segment != buffer_name(worker_.board().round, buffer)) {
    ++buffer;
  }
  auto borrow = client_->claim<Borrow>(event.ticket);
  if (!is_other_kind(borrow)) {
    if (check(borrow)) {
      held_.push_back(std::make_unique<Holding>(worker_, buffer, *std::move(borrow)));
    }
    return;
  }
  auto freeze = client_->claim<Freeze>(event.ticket);
  if (check(freeze)) {
    held_.push_back(std::make_unique<Holding>(worker_, buffer, *std::move(freeze)));
  }
}

}  // namespace tenure::soak

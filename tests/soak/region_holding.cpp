// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/region_holding.hpp"

#include <algorithm>
#include <utility>

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

// One of so many writes is the writer's last.
constexpr std::uint64_t kDeadlyWrites = 300;

Pages pages_of(const Region& region) {
  return {.begin = region.begin_bytes / kPageBytes, .end = region.end_bytes / kPageBytes};
}

}  // namespace

Holding::Holding(RegionWorker& worker, std::uint32_t buffer, Borrow token)
    : worker_(worker),
      buffer_(buffer),
      number_(worker.take_token_number()),
      token_(std::move(token)),
      pages_(pages_of(std::get<Borrow>(token_).region())),
      uses_(pages_.end - pages_.begin, Use::none) {
}

Holding::Holding(RegionWorker& worker, std::uint32_t buffer, Freeze token)
    : worker_(worker),
      buffer_(buffer),
      number_(worker.take_token_number()),
      token_(std::move(token)),
      pages_(pages_of(std::get<Freeze>(token_).region())),
      uses_(pages_.end - pages_.begin, Use::none) {
}

Holding::~Holding() {
  set_uses(pages_, Use::none);
}

Token& Holding::token() noexcept {
  return std::visit([](auto& token) -> Token& { return token; }, token_);
}

const Token& Holding::token() const noexcept {
  return std::visit([](const auto& token) -> const Token& { return token; }, token_);
}

Region Holding::region_of(const Pages& pages) const noexcept {
  return {.begin_bytes = pages.begin * kPageBytes, .end_bytes = pages.end * kPageBytes};
}

bool Holding::is_lent(std::uint64_t page) const noexcept {
  return std::ranges::any_of(
      lent_, [&](const Pages& lent) { return lent.begin <= page && page < lent.end; });
}

// ---- memory

void Holding::attach() {
  if (auto* freeze = std::get_if<Freeze>(&token_)) {
    const auto bytes = freeze->attach();
    if (worker_.expect("attach a freeze", bytes, {Errc::held})) {
      data_ = bytes->data();
      take_all_in_use(Use::read);
    }
    return;
  }
  Borrow& borrow = std::get<Borrow>(token_);
  if (borrow.poisoned() && !accept_poison(borrow)) {
    return;
  }
  auto bytes = borrow.attach();
  if (!bytes && bytes.error().code == Errc::poisoned && accept_poison(borrow)) {
    bytes = borrow.attach();
  }
  if (worker_.expect("attach a borrow", bytes, {Errc::held, Errc::poisoned})) {
    writable_ = bytes->data();
    data_ = writable_;
    take_all_in_use(Use::write);
  }
}

void Holding::take_all_in_use(Use use) {
  set_uses(pages_, use);
  check();
}

void Holding::detach() {
  set_uses(pages_, Use::none);
  data_ = nullptr;
  writable_ = nullptr;
  static_cast<void>(worker_.expect("detach", token().detach(), {}));
}

// From here on nobody can say what is there, until it is written. With parts lent on, the holders
// of these would not know.
bool Holding::accept_poison(Borrow& borrow) {
  if (!lent_.empty()) {
    const auto back = borrow.wait_returned(kNoWait);
    if (!back && back.error().code != Errc::poisoned) {
      return worker_.expect("wait_returned", back, {Errc::held});
    }
    lent_.clear();
  }
  for (std::uint64_t page = pages_.begin; page < pages_.end; ++page) {
    if (uses_[page - pages_.begin] == Use::none) {
      // release: before the acknowledgement makes it good to have.
      worker_.ledger().committed(buffer_, page).store(kUnknown, std::memory_order_release);
    }
  }
  return worker_.expect("acknowledge", borrow.acknowledge(), {});
}

// What is lent on is left as it is: it may be mapped or not.
void Holding::set_uses(const Pages& pages, Use use) {
  std::string conflict;
  for (std::uint64_t page = pages.begin; page < pages.end; ++page) {
    Use& now = uses_[page - pages_.begin];
    const Use wanted = is_lent(page) ? Use::none : use;
    if (now == wanted) {
      continue;
    }
    const Pages one{.begin = page, .end = page + 1};
    if (now != Use::none) {
      worker_.ledger().lower(buffer_, one, now);
    }
    if (wanted != Use::none) {
      std::string found = worker_.ledger().raise(buffer_, one, wanted);
      conflict = conflict.empty() ? std::move(found) : std::move(conflict);
    }
    now = wanted;
  }
  if (!conflict.empty()) {
    worker_.violation("two at once: buffer " + std::to_string(buffer_) + ", " + conflict);
  }
}

std::vector<PageText> Holding::read_all() {
  std::vector<PageText> texts(uses_.size());
  for (std::size_t i = 0; i < uses_.size(); ++i) {
    if (uses_[i] != Use::none) {
      texts[i] = read_page(data_ + i * kPageBytes);
    }
  }
  return texts;
}

// Each page is as its last writer left it, and stays so. A page whose writer died half-way can say
// anything, but nothing else a moment later.
void Holding::check() {
  const std::vector<PageText> first = read_all();
  worker_.pause(200us);
  const std::vector<PageText> second = read_all();
  for (std::size_t i = 0; i < uses_.size(); ++i) {
    if (uses_[i] == Use::none) {
      continue;
    }
    const std::uint64_t page = pages_.begin + i;
    // acquire: what its writer did before it gave the page away.
    const std::uint64_t stamp =
        worker_.ledger().committed(buffer_, page).load(std::memory_order_acquire);
    std::string fault = stamp == kUnknown ? "" : find_page_fault(first[i], stamp, page);
    if (fault.empty() && first[i] != second[i]) {
      fault = "somebody wrote meanwhile: " + find_page_fault(second[i], first[i].stamps[0], page);
    }
    if (!fault.empty()) {
      worker_.violation((is_borrow() ? "borrowed buffer " : "frozen buffer ") +
                        std::to_string(buffer_) + ", page " + std::to_string(page) + " of [" +
                        std::to_string(pages_.begin) + ", " + std::to_string(pages_.end) +
                        "): " + fault);
      return;
    }
  }
}

void Holding::use() {
  check();
  if (is_borrow() && !worker_.random().one_in(4)) {
    write();
    worker_.pause(500us);
    check();
  }
}

void Holding::write() {
  const std::uint64_t stamp = worker_.stamp(number_).word();
  // Not in the sweep, after which nobody comes.
  const bool is_last =
      worker_.spec().role == Role::region && worker_.random().one_in(kDeadlyWrites);
  const std::size_t fatal = is_last ? worker_.random().below(uses_.size()) : uses_.size();
  for (std::size_t i = 0; i < uses_.size(); ++i) {
    if (uses_[i] != Use::write) {
      continue;
    }
    if (i >= fatal) {
      die_half_way(i, stamp);
    }
    write_page(writable_ + i * kPageBytes, stamp, pages_.begin + i);
    if (worker_.random().one_in(16)) {
      worker_.pause(100us);
    }
  }
  for (std::size_t i = 0; i < uses_.size(); ++i) {
    if (uses_[i] == Use::write) {
      // release: the stamps above come first.
      worker_.ledger().committed(buffer_, pages_.begin + i).store(stamp, std::memory_order_release);
    }
  }
  worker_.did_one();
}

void Holding::die_half_way(std::uint64_t page, std::uint64_t stamp) {
  *reinterpret_cast<volatile std::uint64_t*>(writable_ + page * kPageBytes) = stamp;
  worker_.die();
}

// ---- the right

void Holding::note_lent(const Pages& pages) {
  has_lent_ = true;
  if (is_borrow()) {
    lent_.push_back(pages);
  }
}

template <class T>
std::unique_ptr<Holding> Holding::lend(const Pages& pages, const TokenOptions& options) {
  const Use before = writable_ != nullptr ? Use::write : Use::none;
  if (before == Use::write) {
    set_uses(pages, Use::none);
  }
  auto lent = std::visit(
      [&](auto& token) -> Result<T> {
        if constexpr (std::is_same_v<T, Freeze>) {
          return token.freeze(region_of(pages), options);
        } else if constexpr (std::is_same_v<std::decay_t<decltype(token)>, Borrow>) {
          return token.borrow(region_of(pages), options);
        } else {
          return Error{.code = Errc::unsupported};
        }
      },
      token_);
  const bool is_lending = worker_.expect(
      "lend on",
      lent,
      {Errc::held, Errc::timed_out, Errc::needs_grain, Errc::poisoned, Errc::too_many});
  if (is_lending) {
    note_lent(pages);
  }
  if (before == Use::write) {
    set_uses(pages, Use::write);
    check();
  }
  return is_lending ? std::make_unique<Holding>(worker_, buffer_, *std::move(lent)) : nullptr;
}

std::unique_ptr<Holding> Holding::lend_borrow(const Pages& pages, const TokenOptions& options) {
  return lend<Borrow>(pages, options);
}

std::unique_ptr<Holding> Holding::lend_freeze(const Pages& pages, const TokenOptions& options) {
  return lend<Freeze>(pages, options);
}

std::vector<std::unique_ptr<Holding>> Holding::split_even(std::size_t parts) {
  Borrow& borrow = std::get<Borrow>(token_);
  const Use before = writable_ != nullptr ? Use::write : Use::none;
  set_uses(pages_, Use::none);
  auto split = borrow.split_even(parts);
  const bool is_split =
      worker_.expect("split_even", split, {Errc::held, Errc::needs_grain, Errc::too_many});
  std::vector<std::unique_ptr<Holding>> children;
  if (is_split) {
    note_lent(pages_);
    for (Borrow& part : *split) {
      children.push_back(std::make_unique<Holding>(worker_, buffer_, std::move(part)));
    }
  }
  set_uses(pages_, before);
  check();
  return children;
}

void Holding::wait_returned(Timeout timeout) {
  Borrow& borrow = std::get<Borrow>(token_);
  auto back = borrow.wait_returned(timeout);
  if (!back && back.error().code == Errc::poisoned && is_attached()) {
    lent_.clear();
    if (!accept_poison(borrow)) {
      return;
    }
    back = borrow.wait_returned(kNoWait);
  }
  if (worker_.expect("wait_returned", back, {Errc::held, Errc::timed_out})) {
    lent_.clear();
    set_uses(pages_, is_attached() ? Use::write : Use::none);
    check();
  }
}

bool Holding::release() {
  if (is_attached() && worker_.random().one_in(8)) {
    if (const auto refused = token().release(); refused || refused.error().code != Errc::attached) {
      worker_.violation("it was released while it was attached");
    }
  }
  if (is_attached()) {
    detach();
  }
  const auto released = token().release();
  if (!released && released.error().code == Errc::has_children && has_lent_) {
    return false;
  }
  if (!worker_.expect("release", released, {})) {
    return false;
  }
  expect_stale();
  return true;
}

std::optional<std::string> Holding::transfer(const TransferOptions& options) {
  if (is_attached()) {
    detach();
  }
  auto ticket = token().transfer(options);
  if (!ticket && ticket.error().code == Errc::has_children && has_lent_) {
    return std::nullopt;
  }
  // The session that it is for may be gone.
  const bool may_be_gone = options.to_session.has_value();
  const bool is_sent = may_be_gone
                           ? worker_.expect("transfer", ticket, {Errc::not_found, Errc::too_many})
                           : worker_.expect("transfer", ticket, {});
  if (!is_sent) {
    return std::nullopt;
  }
  expect_stale();
  return *std::move(ticket);
}

void Holding::expect_stale() {
  const auto refused = token().release();
  if (refused || refused.error().code != Errc::stale) {
    worker_.violation("a token that is over does not say stale");
  }
}

std::string Holding::find_fork_fault() {
  const auto is_forked = [](const auto& result) {
    return !result && result.error().code == Errc::forked;
  };
  const bool attaches = std::visit([&](auto& token) { return !is_forked(token.attach()); }, token_);
  if (attaches || !is_forked(token().detach()) || !is_forked(token().release())) {
    return "it uses its parent's token";
  }
  return is_forked(token().transfer()) ? "" : "it sends its parent's token";
}

}  // namespace tenure::soak

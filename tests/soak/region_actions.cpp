// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/region_actions.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "tests/soak/region_plan.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostHeld = 6;

template <class T>
constexpr bool kIsBorrow = std::is_same_v<T, Borrow>;

Region region_of(const Pages& pages) {
  return {.begin_bytes = pages.begin * kPageBytes, .end_bytes = pages.end * kPageBytes};
}

}  // namespace

RegionActions::RegionActions(RegionWorker& worker) : worker_(worker) {
  open();
}

void RegionActions::open() {
  client_ = worker_.connect();
  const RegionBoard& board = worker_.regions();
  for (std::uint32_t buffer = 0; buffer < board.buffer_count; ++buffer) {
    const std::string name = buffer_name(worker_.board().round, buffer);
    if (worker_.spec().creates_buffers) {
      or_throw(client_->create_buffer(name, buffer_options(board, buffer)));
    }
    buffers_.push_back(or_throw(client_->buffer(name, {.timeout = 20s})));
    root_.at(buffer) = 0;
    if (auto root = buffers_.back().root()) {
      root_.at(buffer) = root->id();
      keep<Borrow>(buffer, *std::move(root));
    } else if (root.error().code != Errc::not_found) {
      worker_.violation("root: " + root.error().message());
    }
  }
}

void RegionActions::do_one() {
  const std::uint64_t kind = worker_.random().below(100);
  if (kind < 26) {
    borrow_or_freeze();
  } else if (kind < 46) {
    use();
  } else if (kind < 56) {
    lend_on();
  } else if (kind < 60) {
    wait_returned();
  } else if (kind < 70) {
    send();
  } else if (kind < 82) {
    receive();
  } else if (kind < 99) {
    release();
  } else if (worker_.random().one_in(3)) {
    hang_up();
  } else {
    fork();
  }
  take_events();
}

void RegionActions::end() {
  for (std::size_t tries = 4 * kMostHeld; tries != 0 && !held_.empty(); --tries) {
    release(worker_.random().below(held_.size()));
  }
  held_.clear();
}

// ---- taking

void RegionActions::borrow_or_freeze() {
  const auto buffer = static_cast<std::uint32_t>(worker_.random().below(buffers_.size()));
  const Holding* root = root_of(buffer);
  // What it still maps must not be lent beside it.
  if (is_full() || (root != nullptr && root->is_attached())) {
    release();
  } else if (worker_.random().one_in(4)) {  // They overlap and would leave borrows no room.
    take<Freeze>(buffer);
  } else {
    take<Borrow>(buffer);
  }
}

template <class T>
void RegionActions::take(std::uint32_t buffer) {
  if (worker_.random().one_in(6)) {
    take_several<T>(buffer);
  } else if (worker_.random().one_in(5)) {
    take_later<T>(buffer);
  } else if constexpr (kIsBorrow<T>) {
    keep(buffer, buffers_[buffer].borrow(pick_region(buffer), pick_options()));
  } else {
    keep(buffer, buffers_[buffer].freeze(pick_region(buffer), pick_options()));
  }
}

template <class T>
void RegionActions::take_several(std::uint32_t buffer) {
  std::vector<Region> regions;
  for (std::uint64_t count = worker_.random().between(2, 3); count != 0; --count) {
    regions.push_back(pick_region(buffer));
  }
  auto granted = [&] {
    if constexpr (kIsBorrow<T>) {
      return buffers_[buffer].borrow_all(regions, pick_options());
    } else {
      return buffers_[buffer].freeze_all(regions, pick_options());
    }
  }();
  // Random regions may overlap, which a borrow refuses.
  if (!worker_.expect(
          "several",
          granted,
          {Errc::held, Errc::timed_out, Errc::needs_grain, Errc::poisoned, Errc::bad_request})) {
    return;
  }
  for (T& one : *granted) {
    keep<T>(buffer, std::move(one));
  }
}

template <class T>
void RegionActions::take_later(std::uint32_t buffer) {
  const Region region = pick_region(buffer);
  TokenOptions options = pick_options();
  options.timeout = 300ms;
  auto pending = [&] {
    if constexpr (kIsBorrow<T>) {
      return buffers_[buffer].borrow_later(region, options);
    } else {
      return buffers_[buffer].freeze_later(region, options);
    }
  }();
  for (std::uint64_t looks = worker_.random().below(8); looks != 0 && !pending.ready(); --looks) {
    worker_.pause(1ms);
  }
  if (!pending.ready() && worker_.random().one_in(3)) {
    return;  // Dropped.
  }
  if (!pending.ready() || worker_.random().one_in(8)) {
    pending.cancel();
  }
  keep(buffer, pending.get());
}

template <class T>
void RegionActions::keep(std::uint32_t buffer, Result<T>&& granted) {
  if (worker_.expect(
          kIsBorrow<T> ? "borrow" : "freeze",
          granted,
          {Errc::held, Errc::timed_out, Errc::needs_grain, Errc::poisoned, Errc::cancelled})) {
    held_.push_back(std::make_unique<Holding>(worker_, buffer, *std::move(granted)));
  }
}

// ---- having

void RegionActions::use() {
  const auto index = pick();
  if (!index) {
    return;
  }
  Holding& one = *held_[*index];
  if (!one.is_attached()) {
    one.attach();
  }
  if (one.is_attached()) {
    one.use();
  }
  // Others stay attached while something else is done.
  if (one.is_attached() && worker_.random().one_in(2)) {
    one.detach();
  }
}

void RegionActions::lend_on() {
  const auto index = pick();
  if (!index || is_full()) {
    release();
    return;
  }
  Holding& one = *held_[*index];
  const Pages pages = pick_pages(one.buffer(), one.pages());
  Held lent;
  if (one.is_borrow() && worker_.random().one_in(6)) {
    const std::uint64_t most = std::min<std::uint64_t>(one.pages().end - one.pages().begin, 4);
    lent = one.split_even(worker_.random().between(1, most));
  } else if (one.is_borrow() && worker_.random().one_in(2)) {
    lent.push_back(one.lend_borrow(pages, pick_options()));
  } else {
    lent.push_back(one.lend_freeze(pages, pick_options()));
  }
  for (std::unique_ptr<Holding>& child : lent) {
    if (child != nullptr) {
      held_.push_back(std::move(child));
    }
  }
}

void RegionActions::wait_returned() {
  const auto index = pick();
  if (index && held_[*index]->is_borrow()) {
    held_[*index]->wait_returned(worker_.random().one_in(2) ? kNoWait : Timeout(10ms));
  }
}

void RegionActions::release() {
  if (const auto index = pick()) {
    release(*index);
  }
}

void RegionActions::release(std::size_t index) {
  if (held_[index]->release()) {
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
  }
}

// All handles go; some of them before the client, some after it.
void RegionActions::hang_up() {
  if (worker_.random().one_in(2)) {
    client_.reset();
  }
  while (!held_.empty()) {
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(worker_.random().below(held_.size())));
  }
  buffers_.clear();
  client_.reset();
  sent_.clear();
  claimed_.clear();
  open();
}

void RegionActions::fork() {
  check_region_fork(worker_, *client_, buffers_, held_);
}

// ---- choices

bool RegionActions::is_full() const noexcept {
  return held_.size() >= kMostHeld;
}

std::optional<std::size_t> RegionActions::pick() {
  return held_.empty() ? std::nullopt : std::optional(worker_.random().below(held_.size()));
}

Pages RegionActions::all_of(std::uint32_t buffer) const {
  return {.begin = 0, .end = worker_.regions().buffers.at(buffer).size_bytes / kPageBytes};
}

// Mostly few pages; between uids often whole grains.
Pages RegionActions::pick_pages(std::uint32_t buffer, const Pages& within) {
  Random& random = worker_.random();
  const std::uint64_t count = within.end - within.begin;
  if (random.one_in(60)) {
    return within;
  }
  const std::uint64_t most = std::min<std::uint64_t>(count, random.one_in(24) ? count : 6);
  Pages pages{.begin = within.begin + random.below(count), .end = 0};
  pages.end = std::min(within.end, pages.begin + random.between(1, most));
  const std::uint64_t grain = buffers_[buffer].grain_bytes() / kPageBytes;
  if (random.one_in(worker_.regions().has_many_uids ? 4 : 2)) {
    return pages;
  }
  pages.begin = std::max(within.begin, pages.begin / grain * grain);
  pages.end = std::min(within.end, (pages.end + grain - 1) / grain * grain);
  return pages;
}

TokenOptions RegionActions::pick_options() {
  Random& random = worker_.random();
  const bool waits = random.one_in(4);
  return {.timeout = waits ? Timeout(std::chrono::milliseconds(random.between(1, 15))) : kNoWait};
}

Holding* RegionActions::root_of(std::uint32_t buffer) const {
  const auto found = std::ranges::find_if(held_, [&](const std::unique_ptr<Holding>& one) {
    return one->id() != 0 && one->id() == root_.at(buffer);
  });
  return found == held_.end() ? nullptr : found->get();
}

// Before it is known whether it is granted: what is dropped meanwhile may be granted for a moment.
Region RegionActions::pick_region(std::uint32_t buffer) {
  const Pages pages = pick_pages(buffer, all_of(buffer));
  if (Holding* root = root_of(buffer)) {
    root->note_lent(pages);
  }
  return region_of(pages);
}

void run_region(RegionWorker& worker) {
  RegionActions actions(worker);
  while (!worker.is_over()) {
    actions.do_one();
  }
  actions.end();
}

}  // namespace tenure::soak

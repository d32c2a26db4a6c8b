// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/queue_ledger.hpp"

#include <algorithm>
#include <vector>

namespace tenure::soak {
namespace {

constexpr unsigned kWorkerShift = 4;
constexpr unsigned kLifeShift = 12;

ItemStage stage_of(std::uint32_t entry) noexcept {
  return static_cast<ItemStage>(entry & 0xFU);
}

const char* name_of(ItemStage stage) noexcept {
  constexpr std::array kNames{
      "never popped", "held", "being acknowledged", "acknowledged", "given back", "passed on"};
  return kNames.at(static_cast<std::size_t>(stage));
}

bool is_settled(ItemStage stage) noexcept {
  return stage == ItemStage::acked || stage == ItemStage::acking;
}

// A push that its producer did not see the end of, and did not know of in its next life.
std::vector<std::uint64_t> uncertain_of(const ProducerPage& page) {
  std::vector<std::uint64_t> numbers;
  const std::uint32_t count = std::min<std::uint32_t>(page.uncertain_count, kMaxUncertain);
  for (std::uint32_t i = 0; i < count; ++i) {
    numbers.push_back(page.uncertain.at(i));
  }
  if (page.begun != page.pushed) {
    numbers.push_back(page.begun);
  }
  std::ranges::sort(numbers);
  const auto twice = std::ranges::unique(numbers);
  numbers.erase(twice.begin(), twice.end());
  return numbers;
}

void audit_page(const ProducerPage& page, std::uint32_t producer, QueueAudit& sums) {
  const std::vector<std::uint64_t> uncertain = uncertain_of(page);
  auto next_uncertain = uncertain.begin();
  for (std::uint64_t number = 1; number <= page.begun; ++number) {
    const bool is_uncertain = next_uncertain != uncertain.end() && *next_uncertain == number;
    next_uncertain += is_uncertain ? 1 : 0;
    const ItemStage stage = stage_of(page.items.at(number));
    sums.pushed += is_uncertain ? 0U : 1U;
    sums.uncertain_pushes += is_uncertain && stage == ItemStage::none ? 1U : 0U;
    sums.acked += stage == ItemStage::acked ? 1U : 0U;
    sums.uncertain_acks += stage == ItemStage::acking ? 1U : 0U;
    // Whatever somebody has seen was pushed.
    const bool is_pushed = !is_uncertain || stage != ItemStage::none;
    if (is_pushed && !is_settled(stage) && sums.gone++ == 0) {
      sums.first_gone =
          describe({.producer = producer, .life = 0, .number = number}) + ", " + name_of(stage);
    }
  }
}

}  // namespace

std::string describe(const ItemId& id) {
  return "bundle " + std::to_string(id.number) + " of producer " + std::to_string(id.producer);
}

QueueAudit audit(const LedgerOfQueue& ledger) {
  QueueAudit sums;
  for (std::uint32_t producer = 0; producer < kMaxQueueProducers; ++producer) {
    audit_page(ledger.producers.at(producer), producer, sums);
  }
  return sums;
}

QueueLedger::QueueLedger(Board& board, std::size_t worker)
    : board_(board),
      memory_(board.queue.ledger_fd, sizeof(LedgerOfQueue)),
      ledger_(*static_cast<LedgerOfQueue*>(memory_.data())),
      worker_(static_cast<std::uint32_t>(worker)),
      life_(board.workers.at(worker).lives) {
  if (worker < kMaxQueueProducers) {
    ProducerPage& page = ledger_.producers.at(worker);
    const std::uint64_t begun = page.begun;
    if (begun != page.pushed) {  // The death of the life before.
      page.uncertain.at(page.uncertain_count.load() % kMaxUncertain) = begun;
      page.uncertain_count.fetch_add(1);
      page.pushed = begun;
    }
  }
}

std::optional<ItemId> QueueLedger::begin_push() noexcept {
  ProducerPage& page = ledger_.producers.at(worker_);
  const std::uint64_t number = page.begun.load(std::memory_order_relaxed) + 1;
  if (number >= kMaxItems) {
    return std::nullopt;
  }
  page.begun.store(number, std::memory_order_release);
  return ItemId{.producer = worker_, .life = life_, .number = number};
}

void QueueLedger::end_push(const ItemId& id, std::chrono::nanoseconds now) noexcept {
  ProducerPage& page = ledger_.producers.at(worker_);
  page.pushed.store(id.number, std::memory_order_release);
  const std::uint64_t count = page.news_count.load(std::memory_order_relaxed);
  ProducerPage::News& news = page.news.at(count % kRemembered);
  news.at_ns.store(now.count(), std::memory_order_release);
  news.number.store(id.number, std::memory_order_release);
  page.news_count.store(count + 1, std::memory_order_release);
}

void QueueLedger::refuse_push(const ItemId& id) noexcept {
  ledger_.producers.at(worker_).begun.store(id.number - 1, std::memory_order_release);
}

std::string QueueLedger::pop(const ItemId& id, bool is_first) {
  if (id.producer >= kMaxQueueProducers || id.number == 0 || id.number >= kMaxItems ||
      id.number > ledger_.producers.at(id.producer).begun.load(std::memory_order_acquire)) {
    return "a bundle that nobody pushed: " + describe(id);
  }
  const std::uint32_t old =
      ledger_.producers.at(id.producer).items.at(id.number).exchange(entry(ItemStage::held));
  const ItemStage stage = stage_of(old);
  if (stage == ItemStage::acked) {
    return describe(id) + " is delivered after it was acknowledged";
  }
  if (stage == ItemStage::held || stage == ItemStage::acking) {
    if (std::string other = find_other(old); !other.empty()) {
      return describe(id) + " is delivered, and " + other + " has it";
    }
  }
  const bool may_be_first = stage == ItemStage::none || stage == ItemStage::passing_on;
  if (is_first && !may_be_first) {
    return describe(id) + " does not say that it was delivered before; " + name_of(stage);
  }
  return {};
}

std::string QueueLedger::begin(const ItemId& id, ItemStage to) {
  return exchange(id, ItemStage::held, to);
}

std::string QueueLedger::end_ack(const ItemId& id) {
  return exchange(id, ItemStage::acking, ItemStage::acked);
}

std::string QueueLedger::keep(const ItemId& id, ItemStage from) {
  return exchange(id, from, ItemStage::held);
}

std::optional<std::chrono::nanoseconds> QueueLedger::pushed_by(const ItemId& id) const {
  const ProducerPage& page = ledger_.producers.at(id.producer);
  std::optional<std::chrono::nanoseconds> since;
  for (const ProducerPage::News& news : page.news) {
    if (news.number.load(std::memory_order_acquire) >= id.number) {
      const std::chrono::nanoseconds at(news.at_ns.load(std::memory_order_acquire));
      since = since ? std::min(*since, at) : at;
    }
  }
  return since;
}

std::uint32_t QueueLedger::entry(ItemStage stage) const noexcept {
  return static_cast<std::uint32_t>(stage) | worker_ << kWorkerShift | life_ << kLifeShift;
}

std::string QueueLedger::exchange(const ItemId& id, ItemStage from, ItemStage to) {
  std::uint32_t old = entry(from);
  if (ledger_.producers.at(id.producer)
          .items.at(id.number)
          .compare_exchange_strong(old, entry(to))) {
    return {};
  }
  return describe(id) + " was mine, and was delivered meanwhile: " + name_of(stage_of(old)) +
         " by worker " + std::to_string(old >> kWorkerShift & 0xFFU);
}

std::string QueueLedger::find_other(std::uint32_t entry) const {
  const std::uint32_t worker = entry >> kWorkerShift & 0xFFU;
  const std::uint32_t life = entry >> kLifeShift;
  return board_.workers.at(worker).ended_lives >= life ? std::string()
                                                       : "worker " + std::to_string(worker);
}

}  // namespace tenure::soak

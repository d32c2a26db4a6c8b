// SPDX-License-Identifier: Apache-2.0
#include "tests/process/raw_queue.hpp"

#include <stdexcept>

namespace tenure::support {

layout::QueueWord RawQueue::word(std::size_t slot) const {
  return layout::QueueWord::unpack(memory->slot(slot).word.load(std::memory_order_acquire));
}

std::size_t RawQueue::count(layout::QueuePhase phase) const {
  std::size_t count = 0;
  for (std::size_t slot = 0; slot < opened.slots; ++slot) {
    count += word(slot).phase == phase ? 1U : 0U;
  }
  return count;
}

void RawQueue::push(std::size_t lane) const {
  auto producer = this->producer();
  const sync::Taken draft = producer.try_claim();
  if (draft.outcome != sync::Outcome::done ||
      producer.push(draft.held, lane, 1) != sync::Outcome::done) {
    throw std::runtime_error("not pushed");
  }
}

RawQueue open_queue(RawClient& client,
                    const std::string& name,
                    wire::OpenAs as,
                    std::optional<std::uint32_t> lane) {
  RawQueue role;
  role.opened = client.ask_for<wire::OpenedQueue>(wire::Open{.name = name, .as = as, .lane = lane});
  role.fds = std::move(client.fds());
  for (const wire::Grant& grant : role.opened.grants) {
    (grant.memory == wire::Memory::head ? role.head_map : role.data_map) =
        map_grant(role.fds, grant);
  }
  const layout::QueueShape shape{.slots = role.opened.slots,
                                 .lanes = role.opened.lanes,
                                 .max_deliveries = role.opened.max_deliveries,
                                 .is_repeatable = role.opened.consume == Consume::repeatable};
  role.memory = std::make_unique<sync::StdAtomics::Queue>(
      role.head_map.data(), shape, layout::plan_queue(shape).value());
  return role;
}

wire::CreateQueue small_queue(const std::string& name, Consume consume) {
  wire::CreateQueue queue{
      .name = name, .options = {.schema = {{"x", DType::uint8, {64}}}, .slots = 4, .lanes = 2}};
  queue.options.consume = consume;
  queue.options.terms.pages = Pages::small;
  return queue;
}

}  // namespace tenure::support

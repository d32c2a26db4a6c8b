// SPDX-License-Identifier: Apache-2.0
// After a round: nothing that was written in good order is lost, and everything can be had again.
#include <algorithm>
#include <utility>

#include "tests/soak/region_holding.hpp"
#include "tests/soak/region_worker.hpp"

namespace tenure::soak {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 20s;

// Grain by grain: what is poisoned cannot be read.
void read_grains(RegionWorker& worker, Buffer& buffer, std::uint32_t index) {
  const std::uint64_t grain = buffer.grain_bytes();
  for (std::uint64_t begin = 0; begin < buffer.size_bytes(); begin += grain) {
    const std::uint64_t end = std::min(begin + grain, buffer.size_bytes());
    auto frozen = buffer.freeze({begin, end}, {.timeout = kPatience});
    if (worker.expect("freeze a grain at last", frozen, {Errc::poisoned})) {
      Holding one(worker, index, *std::move(frozen));
      one.attach();
    }
  }
}

void write_all(RegionWorker& worker, Buffer& buffer, std::uint32_t index) {
  auto all = buffer.borrow({0, buffer.size_bytes()}, {.timeout = kPatience});
  if (worker.expect("borrow everything at last", all, {})) {
    Holding one(worker, index, *std::move(all));
    one.attach();
    if (!one.is_attached()) {
      worker.violation("what is borrowed at last cannot be attached");
      return;
    }
    one.use();
    if (!one.release()) {
      worker.violation("what is borrowed at last cannot be released");
    }
  }
}

}  // namespace

void run_region_sweep(RegionWorker& worker) {
  Client client = worker.connect();
  for (std::uint32_t index = 0; index < worker.regions().buffer_count; ++index) {
    Buffer buffer = or_throw(client.buffer(buffer_name(worker.board().round, index)));
    read_grains(worker, buffer, index);
    write_all(worker, buffer, index);
    read_grains(worker, buffer, index);
  }
}

}  // namespace tenure::soak

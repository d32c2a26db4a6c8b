// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/boost_carrier.hpp"

#include <unistd.h>

#include <string>
#include <vector>

#include <boost/interprocess/ipc/message_queue.hpp>

namespace tenure::cli::bench {
namespace {

namespace interprocess = boost::interprocess;

class BoostCarrier final : public Carrier {
 public:
  BoostCarrier(const std::string& name, std::size_t slots, std::size_t size_bytes)
      : queue_(interprocess::create_only, name.c_str(), slots, size_bytes), item_(size_bytes) {}

  [[nodiscard]] Result<std::span<std::byte>> draft() override { return std::span(item_); }
  [[nodiscard]] Result<void> push() override {
    return guarded([this] { queue_.send(item_.data(), item_.size(), 0); });
  }
  [[nodiscard]] Result<std::span<const std::byte>> pop() override {
    auto received = guarded([this] {
      interprocess::message_queue::size_type length = 0;
      unsigned priority = 0;
      queue_.receive(item_.data(), item_.size(), length, priority);
    });
    return received ? Result<std::span<const std::byte>>(item_) : std::move(received).error();
  }
  [[nodiscard]] Result<void> ack() override { return {}; }

 private:
  template <class Call>
  static Result<void> guarded(Call&& call) {
    try {
      call();
      return {};
    } catch (const interprocess::interprocess_exception& exception) {
      return Error{.code = Errc::no_memory, .detail = exception.what()};
    }
  }

  interprocess::message_queue queue_;  // Mapped; a forked child has it too.
  std::vector<std::byte> item_;
};

}  // namespace

Result<std::unique_ptr<Carrier>> make_boost_carrier(std::size_t slots, std::size_t size_bytes) {
  const std::string name = "tenure-bench-" + std::to_string(::getpid());
  try {
    auto made = std::make_unique<BoostCarrier>(name, slots, size_bytes);
    interprocess::message_queue::remove(name.c_str());
    return std::unique_ptr<Carrier>(std::move(made));
  } catch (const interprocess::interprocess_exception& exception) {
    return Error{.code = Errc::no_memory, .detail = exception.what()};
  }
}

}  // namespace tenure::cli::bench

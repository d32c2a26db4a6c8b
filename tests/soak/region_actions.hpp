// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <tenure/tenure.hpp>

#include "tests/soak/region_holding.hpp"
#include "tests/soak/region_mail.hpp"
#include "tests/soak/region_worker.hpp"

namespace tenure::soak {

/// What one process does to the buffers of its round, at random. Threads: one.
class RegionActions {
 public:
  explicit RegionActions(RegionWorker& worker);

  void do_one();
  /// Gives back what it has, in random order.
  void end();

 private:
  using Held = std::vector<std::unique_ptr<Holding>>;

  void open();
  void borrow_or_freeze();
  template <class T>
  void take(std::uint32_t buffer);
  template <class T>
  void take_several(std::uint32_t buffer);
  template <class T>
  void take_later(std::uint32_t buffer);
  template <class T>
  void keep(std::uint32_t buffer, Result<T>&& granted);
  void use();
  void lend_on();
  void wait_returned();
  void send();
  void receive();
  void claim(const Mail& mail);
  template <class T>
  [[nodiscard]] bool claim_as(const Mail& mail);
  void take_events();
  void claim_event(const Event& event);
  void release();
  void release(std::size_t index);
  void hang_up();
  void fork();

  [[nodiscard]] bool is_full() const noexcept;
  /// Nothing: it has none.
  [[nodiscard]] std::optional<std::size_t> pick();
  [[nodiscard]] Pages pick_pages(std::uint32_t buffer, const Pages& within);
  [[nodiscard]] TokenOptions pick_options();
  [[nodiscard]] Pages all_of(std::uint32_t buffer) const;
  /// Where this session has it, Buffer's verbs lend from it. nullptr: it has not.
  [[nodiscard]] Holding* root_of(std::uint32_t buffer) const;
  /// To ask the buffer for.
  [[nodiscard]] Region pick_region(std::uint32_t buffer);

  RegionWorker& worker_;
  std::optional<Client> client_;
  std::vector<Buffer> buffers_;
  Held held_;
  // Of this session. What comes back is the same ticket, now for its sender alone.
  std::set<std::string> sent_;
  std::set<std::string> claimed_;
  std::array<std::uint64_t, kMaxBuffers> root_{};  // Ids, where this session has them.
};

/// Forks: in the child every handle says `forked`.
void check_region_fork(RegionWorker& worker,
                       Client& client,
                       std::vector<Buffer>& buffers,
                       const std::vector<std::unique_ptr<Holding>>& held);

}  // namespace tenure::soak

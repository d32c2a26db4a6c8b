// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "daemon/io/asio.hpp"

namespace tenure::io {

/// Threads for what a client's file descriptor may block for as long as it likes: receiving it,
/// reading it, closing it (the last close of a socket with SO_LINGER waits for its peer).
///
/// Each job has a thread of its own, so that one client's does not wait for another's; nobody waits
/// for any of them, not even the end of the program. Threads: the io_context's.
class Aside {
 public:
  explicit Aside(asio::io_context& context);
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;
  /// Jobs that are still under way report to nobody.
  ~Aside();

  [[nodiscard]] std::size_t job_count() const noexcept { return jobs_.size(); }
  /// Runs `work` there, then `done` on the io_context. `work` closes what it is to close, and
  /// refers to nothing that ends with the broker. Where no thread can be had, it runs here.
  void run(std::function<void()> work, std::function<void()> done);

 private:
  struct Link;
  void finish(std::uint64_t job);

  std::shared_ptr<Link> link_;
  std::uint64_t last_job_ = 0;
  std::map<std::uint64_t, std::function<void()>> jobs_;  // What to do once each is done.
};

}  // namespace tenure::io

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

#include "daemon/io/asio.hpp"

namespace tenure::io {

/// A second thread for what takes long: reserving, collapsing, giving memory back.
///
/// Jobs run one after the other; the io_context keeps running until each has reported. Threads: the
/// io_context's.
class SlowThread {
 public:
  explicit SlowThread(asio::io_context& context) : context_(context), pool_(1) {}
  SlowThread(const SlowThread&) = delete;
  SlowThread& operator=(const SlowThread&) = delete;
  ~SlowThread() { pool_.join(); }

  /// Jobs that have not reported yet.
  [[nodiscard]] std::size_t job_count() const noexcept { return job_count_; }

  /// Runs `work()` there, then `done(its result)` on the io_context.
  template <class Work, class Done>
  void run(Work work, Done done) {
    ++job_count_;
    asio::post(pool_,
               [this,
                keep_running = asio::make_work_guard(context_),
                work = std::move(work),
                done = std::move(done)]() mutable {
                 asio::post(context_, [this, result = work(), done = std::move(done)]() mutable {
                   --job_count_;
                   done(std::move(result));
                 });
               });
  }

 private:
  asio::io_context& context_;
  std::size_t job_count_ = 0;
  asio::thread_pool pool_;
};

}  // namespace tenure::io

// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/aside.hpp"

#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace tenure::io {

// How a thread finds its way back, if there still is one.
struct Aside::Link {
  std::mutex mutex;
  asio::io_context* context;  // Guarded by mutex; null once nobody is there to be told.
  Aside* aside;               // Used on the io_context only.

  void report(std::uint64_t job, const std::shared_ptr<Link>& self) {
    const std::scoped_lock lock(mutex);
    if (context != nullptr) {
      asio::post(*context, [self, job] {
        if (self->context != nullptr) {  // Written by this thread only.
          self->aside->finish(job);
        }
      });
    }
  }
};

Aside::Aside(asio::io_context& context) : link_(std::make_shared<Link>()) {
  link_->context = &context;
  link_->aside = this;
}

Aside::~Aside() {
  const std::scoped_lock lock(link_->mutex);
  link_->context = nullptr;
}

void Aside::run(std::function<void()> work, std::function<void()> done) {
  const std::uint64_t job = ++last_job_;
  jobs_.emplace(job, std::move(done));
  const auto thread_main = [link = link_, job, work = std::move(work)] {
    work();
    link->report(job, link);
  };
  try {
    std::thread(thread_main).detach();
  } catch (const std::system_error&) {
    thread_main();
  }
}

void Aside::finish(std::uint64_t job) {
  const auto found = jobs_.find(job);
  const std::function<void()> done = std::move(found->second);
  jobs_.erase(found);
  done();
}

}  // namespace tenure::io

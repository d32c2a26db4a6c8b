// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>

namespace tenure::support {

/// A forked process that runs one function, dies with this one, and is killed and reaped when
/// destroyed. Threads: one.
class Child {
 public:
  Child() = default;
  /// `body`'s result is the exit status; an exception prints itself and makes it 99.
  explicit Child(const std::function<int()>& body);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void signal(int signal) const noexcept;
  /// SIGKILL, and reaped.
  void kill() noexcept;
  /// Its exit status, or 128 + signal; -1 if it is still running after `timeout`.
  [[nodiscard]] int wait(std::chrono::milliseconds timeout);

 private:
  pid_t pid_ = 0;
};

/// Calls `condition` until it holds, with a pause of a millisecond; false after `timeout`.
[[nodiscard]] bool eventually(const std::function<bool()>& condition,
                              std::chrono::milliseconds timeout = std::chrono::seconds(20));

}  // namespace tenure::support

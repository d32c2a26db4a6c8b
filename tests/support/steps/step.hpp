// SPDX-License-Identifier: Apache-2.0
/// A place to act between any two accesses of shared memory. Only programs that are linked with
/// tenure_client_steps have it: the client library compiled once more, over the atomics beside
/// this.
#pragma once

#include <atomic>
#include <cstdint>

namespace tenure::steps {

/// What comes next. What reads and writes at once counts as a store.
enum class Access : std::uint8_t { load, store };

/// Runs on whatever thread makes the access, under whatever lock it has. It must be async-safe
/// towards the library: no call on a handle.
using Hook = void (*)(Access next) noexcept;

inline std::atomic<Hook> installed{nullptr};

/// Called before each access. Tests call it themselves between the stores of a bundle's own bytes.
inline void step(Access next) noexcept {
  if (const Hook hook = installed.load(std::memory_order_relaxed); hook != nullptr) {
    hook(next);
  }
}

/// Installs `hook` while it lives. One at a time.
class Installed {
 public:
  explicit Installed(Hook hook) noexcept { installed.store(hook, std::memory_order_relaxed); }
  Installed(const Installed&) = delete;
  Installed& operator=(const Installed&) = delete;
  ~Installed() { installed.store(nullptr, std::memory_order_relaxed); }
};

}  // namespace tenure::steps

// SPDX-License-Identifier: Apache-2.0
/// A process that kills itself before its n-th store to shared memory, n = 1, 2, 3 ... until it
/// gets through. For programs that are linked with tenure_client_steps.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include <tenure/client.hpp>

namespace tenure::test {

/// What a doomed process and its parent tell each other.
struct Notes {
  std::atomic<bool> is_armed;            // It has got as far as the verb that is swept.
  std::atomic<bool> is_through;          // It has made all stores of the verb, then died.
  std::atomic<std::uint64_t> published;  // What publish() answered it.
  std::atomic<bool> asks;                // It waits for the parent to do something ...
  std::atomic<bool> is_answered;         // ... which is done.
};

/// The doomed side. The thread that arms it counts its own stores only.
class Doom {
 public:
  Doom(int fatal_store, Notes& notes) noexcept;
  Doom(const Doom&) = delete;
  Doom& operator=(const Doom&) = delete;
  ~Doom();

  /// When `peer` runs, once, on the doomed thread.
  enum class When : std::uint8_t { before_first_store, after_first_store };
  void interrupt(When when, std::function<void()> peer);

  /// From here on stores count.
  void arm() noexcept;
  /// Has the parent do its part, and waits for it.
  void ask_parent() noexcept;
  [[nodiscard]] Notes& notes() const noexcept { return notes_; }

 private:
  Notes& notes_;
};

/// What the doomed process does: opens what it needs, arms, runs the verb.
using Verb = std::function<void(Client& client, Doom& doom)>;

/// One round: forks, runs `verb`, kills; returns when the process is gone. `answer` is what the
/// parent does when it is asked. Fails the test if the process ends otherwise.
void run_doomed(const std::string& socket,
                int fatal_store,
                Notes& notes,
                const Verb& verb,
                const std::function<void()>& answer);

}  // namespace tenure::test

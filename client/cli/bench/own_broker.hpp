// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include <tenure/result.hpp>

namespace tenure::cli::bench {

/// A `tenured` of this run's own, on a socket in a new private directory. Destroyed, it is ended
/// and the directory is removed; it dies with this process.
class OwnBroker {
 public:
  /// Starts the `tenured` beside this program, or the one on PATH. It may not listen yet.
  ///
  /// Errors: not_found  neither is there;  too_many, denied  as the system says
  [[nodiscard]] static Result<OwnBroker> start();
  OwnBroker(OwnBroker&& other) noexcept;
  OwnBroker& operator=(OwnBroker&& other) = delete;
  ~OwnBroker();

  /// From now on it answers on `cpu` alone. Errors: denied  as the system says
  [[nodiscard]] Result<void> pin_to(int cpu);

  [[nodiscard]] std::string socket() const { return directory_ + "/control.sock"; }

 private:
  OwnBroker(std::string directory, pid_t pid) noexcept;
  std::string directory_;
  pid_t pid_;
};

}  // namespace tenure::cli::bench

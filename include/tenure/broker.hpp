// SPDX-License-Identifier: Apache-2.0
/// A broker inside this program, for tests and for programs that bring their own (target
/// tenure::broker).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tenure/client.hpp>

namespace tenure {

/// How to start it.
struct BrokerOptions {
  std::string socket = {};         ///< Default: control.sock in a new private directory.
  std::uint64_t budget_bytes = 0;  ///< Memory for all segments; 0: half of RAM or of the cgroup.
};

/// A running broker: the code of `tenured` on threads of its own. It touches neither signals nor
/// the dumpability of this process. Destroyed, it ends every session. Threads: one at a time.
class Broker {
 public:
  /// Errors: exists       a broker listens on that socket already
  ///         denied, not_found  the socket's directory cannot be used;  bad_request  its name is
  ///         too long, or the budget is larger than memory;  no_memory, too_many  as the system
  ///         says
  [[nodiscard]] static Result<Broker> start(BrokerOptions options = {});
  Broker(Broker&& other) noexcept;
  Broker& operator=(Broker&& other) noexcept;
  ~Broker();

  /// Where it listens.
  [[nodiscard]] const std::string& socket() const noexcept;
  /// A client of it.
  [[nodiscard]] Result<Client> connect();

 private:
  class Impl;
  explicit Broker(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tenure

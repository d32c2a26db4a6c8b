// SPDX-License-Identifier: Apache-2.0
/// Keeping the tensors of a topic or queue in RAM, where a device can copy from and to them at full
/// speed.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <utility>

#include <tenure/role.hpp>

namespace tenure {

/// What the memory is pinned for. cuda: cudaHostRegister, so that copies to and from devices of
/// this process need no staging and can overlap; memory: mlock, so that it is never swapped out.
enum class PinTo : std::uint8_t { cuda, memory };

class Pin;

namespace detail {
[[nodiscard]] Result<Pin> pin_role(const Role& role, PinTo to);
}

/// Memory that stays pinned until this is destroyed.
///
/// It keeps the mapping, and so a publisher's place as well, alive: role, client and pin may end in
/// any order. Pins of one mapping add up: the last to go unpins. In a forked child, which inherits
/// no pinned memory, it does nothing. Threads: any, one at a time.
class Pin {
 public:
  Pin(Pin&& other) noexcept = default;
  Pin& operator=(Pin&& other) noexcept = default;
  ~Pin() = default;

 private:
  friend Result<Pin> detail::pin_role(const Role& role, PinTo to);
  explicit Pin(std::shared_ptr<const void> pinned) noexcept : pinned_(std::move(pinned)) {}
  std::shared_ptr<const void> pinned_;
};

/// Pins the data, all slots of it, that a role has mapped; for CUDA what is
/// mapped read-only is registered as read-only. After reopen() the new memory is to be pinned anew.
///
/// May take long: every page is visited; the first use of CUDA also starts its runtime.
/// A refusal changes nothing: the role, and copies from memory that is not pinned, go on.
///
/// Errors: no_memory    more than may be locked: detail and `count` say how much may, the hint how
///                      to raise it (`ulimit -l`, LimitMEMLOCK=, CAP_IPC_LOCK)
///         unsupported  cuda: built without CUDA, no driver or device, or one that cannot register
///                      memory that is mapped read-only; the detail says which
///         held         cuda: other code of this process has registered the memory
///         superseded, stale, forked  open again
template <class T>
  requires std::derived_from<T, Role>
[[nodiscard]] Result<Pin> pin(const T& mapped, PinTo to = PinTo::cuda) {
  return detail::pin_role(mapped, to);
}

}  // namespace tenure

// SPDX-License-Identifier: Apache-2.0
#include <tenure/pin.hpp>

#include <memory>
#include <string>
#include <utility>

#include "client/lib/fork_guard.hpp"
#include "client/lib/role_state.hpp"
#include "client/lib/role_memory.hpp"

namespace tenure::detail {

/// Reaches what lies behind a role; nullptr if it was moved from.
struct RoleAccess {
  static const RoleState* state(const Role& role) noexcept { return role.state_; }
  static Error empty_handle() { return Role::empty_handle(); }
};

namespace {

// One pin of a segment's data, which it keeps mapped.
class PinnedSlots {
 public:
  PinnedSlots(std::shared_ptr<RoleMemory> memory, PinTo to) noexcept
      : memory_(std::move(memory)), to_(to) {}
  PinnedSlots(const PinnedSlots&) = delete;
  PinnedSlots& operator=(const PinnedSlots&) = delete;
  ~PinnedSlots() {
    // A forked child inherits no lock and no registration, and perhaps not even the range.
    if (!is_forked(memory_->generation())) {
      memory_->pins().remove(memory_->data(), to_);
    }
  }

 private:
  std::shared_ptr<RoleMemory> memory_;
  PinTo to_;
};

}  // namespace

Result<Pin> pin_role(const Role& role, PinTo to) {
  const RoleState* state = RoleAccess::state(role);
  if (state == nullptr) {
    return RoleAccess::empty_handle();
  }
  if (auto usable = state->check_usable(); !usable) {
    return std::move(usable).error();
  }
  const std::shared_ptr<RoleMemory>& memory = state->shared_memory();
  if (auto added = memory->pins().add(memory->data(), to); !added) {
    Error error = std::move(added).error();
    error.detail = state->name() + ": " + error.detail;
    return error;
  }
  return Pin(std::make_shared<PinnedSlots>(memory, to));
}

}  // namespace tenure::detail

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tenure/bundle.hpp>

#include "client/lib/descriptor.hpp"
#include "client/lib/role_state.hpp"

namespace tenure::detail {

/// What is known of a slot being filled; its draft's.
struct Filling {
  std::uint32_t slot = 0;
  std::uint64_t word = 0;                        // A queue's: of the slot, as it was claimed.
  std::vector<std::uint64_t> tensor_bytes = {};  // Per tensor of the schema, or kAbsent.
  std::uint64_t tag = 0;
  std::uint32_t attribute_bytes = 0;

  static constexpr std::uint64_t kAbsent = ~std::uint64_t{0};
};

/// Behind a role that fills slots, a publisher or a producer, and its drafts. The role's methods
/// are called by one thread at a time, a draft's by one thread at a time; what they share is under
/// the lock.
class WriterState : public RoleState {
 public:
  // A draft's.
  [[nodiscard]] Result<TensorSpan> tensor(Filling& filling,
                                          std::string_view name,
                                          std::optional<DType> dtype,
                                          const Shape* shape);
  [[nodiscard]] Result<void> set_note(Filling& filling, const Note& note);
  /// Gives the slot back, and one ownership.
  void drop(Filling& filling) noexcept;

 protected:
  /// So many drafts at once allocate nothing.
  WriterState(std::shared_ptr<ClientState> client,
              std::string name,
              std::shared_ptr<RoleMemory> memory,
              std::size_t drafts_at_once);

  [[nodiscard]] virtual Result<Draft> draft(Timeout timeout) = 0;
  virtual void give_back(const Filling& filling) noexcept = 0;

  /// A draft of a slot that was claimed, with the word that it has.
  [[nodiscard]] Draft begin_draft(std::uint32_t slot, std::uint64_t word);
  /// With lock_ locked, once its slot was handed over. The role's own ownership stays.
  void end_draft(Draft& draft) noexcept;
  /// nullptr: an empty draft, or one of another role.
  [[nodiscard]] Filling* filling_of(const Draft& draft) const noexcept;

  /// A draft with copies of `tensors`. Everything is checked before a slot is taken.
  /// Errors: draft()'s, not_found, bad_request
  [[nodiscard]] Result<Draft> copy_to_draft(const Tensors& tensors,
                                            const Note& note,
                                            Timeout timeout);
  /// Marks what was never asked for as absent; returns the bytes of what was.
  std::uint64_t finish_descriptors(const Filling& filling) noexcept;
  void write_record(const Filling& filling, std::uint64_t version, Stamp stamp) noexcept;

 private:
  struct Copy {
    std::size_t index;
    const TensorView* source;
  };

  Filling& add_filling();
  [[nodiscard]] Result<void> check_note(const Note& note) const;
  [[nodiscard]] Result<void> plan_copies(const Tensors& tensors);
  void describe_tensor(Filling& filling, std::size_t index, const TensorSpan& tensor) noexcept;

  std::vector<std::unique_ptr<Filling>> fillings_;  // guarded by lock_
  std::vector<Filling*> idle_;                      // guarded by lock_. Without a draft.
  // The role's thread. Of copy_to_draft(); kept, so that it allocates nothing.
  std::vector<Copy> copies_;
  std::vector<bool> is_named_;
};

}  // namespace tenure::detail

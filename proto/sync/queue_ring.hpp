// SPDX-License-Identifier: Apache-2.0
/// A ring of slot numbers: append at its tail, take from its head, by anybody at any time.
///
/// No step waits for another process: whoever finds one half-way finishes it. Steps and their order
/// are those of the model (queue.pml); each one left out makes a run fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "proto/layout/queue_cell.hpp"
#include "proto/layout/queue_word.hpp"
#include "proto/sync/atomics.hpp"
#include "proto/sync/queue_outcome.hpp"
#include "proto/sync/queue_rounds.hpp"

namespace tenure::sync {

/// For those who need nothing of a slot but its word.
struct ExpectNothing {
  void operator()(std::uint32_t) const noexcept {}
};

/// One ring of a queue. Threads: any; every process and thread may have its own.
template <class A = StdAtomics>
class QueueRing {
 public:
  QueueRing(const typename A::Queue& queue, layout::RingName name) noexcept
      : queue_(queue), name_(name), line_(queue.ring(name)) {}

  /// Lists a slot whose word says so already, with that sequence.
  ///
  /// Errors: corrupt  no place was found for it within the bound
  [[nodiscard]] Appended append(std::uint32_t slot, std::uint64_t sequence) noexcept {
    Rounds rounds;
    return append(slot, sequence, rounds);
  }
  /// The same within a bound that is shared with others.
  [[nodiscard]] Appended append(std::uint32_t slot,
                                std::uint64_t sequence,
                                Rounds& rounds) noexcept {
    rounds.begin();
    for (;;) {
      // acquire: not older than the last emptying of the cell that it names: else an emptied cell
      // would look like one of another turn. pairs: queue.position
      const std::uint64_t position = line_.tail.load(std::memory_order_acquire);
      if (!rounds.may_try(position)) {
        return {.outcome = Outcome::corrupt};
      }
      auto& place = queue_.cell(name_, position);
      // acquire: as above. pairs: queue.emptied
      const std::uint64_t cell = place.load(std::memory_order_acquire);
      if (cell == layout::empty_cell(position)) {
        const layout::FullCell full{.turn = turn(position), .slot = slot, .sequence = sequence};
        if (fill(place, cell, full.pack())) {
          advance(line_.tail, position);
          return {.outcome = Outcome::done, .position = position};
        }
      } else if (is_listing(cell, position) || cell == emptied(position)) {
        advance(line_.tail, position);  // Appended by somebody who has not said so yet.
      }
    }
  }

  /// Makes the oldest listed slot the caller's: its word becomes `claim(old word)`, with the same
  /// sequence. Before that, `expect(slot)` may have its bytes come meanwhile.
  ///
  /// Errors: empty    no slot is listed
  ///         corrupt  an entry names no slot, or the head does not move within the bound
  template <class Claim, class Expect = ExpectNothing>
  [[nodiscard]] Taken take(Claim&& claim, Expect&& expect = {}) noexcept {
    Rounds rounds;
    return take_while([](std::uint64_t) { return true; }, claim, rounds, expect);
  }

  /// The same, from no position after `last`.
  template <class Claim>
  [[nodiscard]] Taken take_until(std::uint64_t last, Claim&& claim) noexcept {
    Rounds rounds;
    return take_until(last, claim, rounds);
  }
  /// The same within a bound that is shared with others.
  template <class Claim>
  [[nodiscard]] Taken take_until(std::uint64_t last, Claim&& claim, Rounds& rounds) noexcept {
    return take_while(
        [last](std::uint64_t position) {
          return static_cast<std::int64_t>(position - last) <= 0;  // Positions wrap.
        },
        claim,
        rounds);
  }

  /// Whether take() has a chance: the second look of somebody who is about to sleep. Writes
  /// nothing.
  [[nodiscard]] bool could_take() const noexcept {
    // acquire: the cell is not older than its position. pairs: queue.position
    const std::uint64_t position = line_.head.load(std::memory_order_acquire);
    // seq_cst: after the caller's count in `waiting`; see wake(). pairs: queue.sleep
    const std::uint64_t cell = queue_.cell(name_, position).load(std::memory_order_seq_cst);
    return cell != layout::empty_cell(position);
  }

 private:
  [[nodiscard]] std::uint64_t turn(std::uint64_t position) const noexcept {
    return queue_.capacity().turn(position);
  }
  /// The cell of `position` once it has been taken from.
  [[nodiscard]] std::uint64_t emptied(std::uint64_t position) const noexcept {
    return layout::empty_cell(position + queue_.capacity().cells);
  }
  [[nodiscard]] bool is_listing(std::uint64_t cell, std::uint64_t position) const noexcept {
    return layout::is_full(cell) && layout::FullCell::unpack(cell).turn == turn(position);
  }

  /// Fills a cell: this lists the slot.
  bool fill(typename A::Queue::Word64& place, std::uint64_t cell, std::uint64_t full) noexcept {
    // seq_cst: the word and the bytes are visible before the entry, and the entry before the look
    // at who waits; relaxed if somebody else was first. pairs: queue.entry, queue.sleep
    return place.compare_exchange_strong(
        cell, full, std::memory_order_seq_cst, std::memory_order_relaxed);
  }

  /// Moves head or tail on by one; whoever finds it there does it.
  static void advance(typename A::Queue::Word64& end, std::uint64_t position) noexcept {
    // release: hands on what the cell looked like; relaxed if somebody else was first.
    // pairs: queue.position
    end.compare_exchange_strong(
        position, position + 1, std::memory_order_release, std::memory_order_relaxed);
  }

  template <class May, class Claim, class Expect = ExpectNothing>
  [[nodiscard]] Taken take_while(May&& may,
                                 Claim&& claim,
                                 Rounds& rounds,
                                 Expect&& expect = {}) noexcept {
    rounds.begin();
    for (;;) {
      // acquire: the cell is not older than its position. pairs: queue.position
      const std::uint64_t position = line_.head.load(std::memory_order_acquire);
      if (!may(position)) {
        return {.outcome = Outcome::empty};
      }
      if (!rounds.may_try(position)) {
        return {.outcome = Outcome::corrupt};
      }
      // seq_cst: the second look of a sleeper, too. It is an acquire: the word is loaded after the
      // entry, or a listed slot would look stale. pairs: queue.entry, queue.sleep
      const std::uint64_t cell = queue_.cell(name_, position).load(std::memory_order_seq_cst);
      if (cell == layout::empty_cell(position)) {
        return {.outcome = Outcome::empty};
      }
      if (cell == emptied(position)) {
        advance(line_.head, position);
      } else if (is_listing(cell, position) && is_still_head(position)) {
        const auto entry = layout::FullCell::unpack(cell);
        if (entry.slot >= queue_.shape().slots) {
          return {.outcome = Outcome::corrupt};
        }
        expect(entry.slot);
        const Taken taken = try_claim(entry, claim);
        strike_out(cell, position);  // Won, lost or stale alike.
        if (taken.outcome != Outcome::empty) {
          return taken;
        }
      }
    }
  }

  /// A cell that was loaded while its position was the head is of this turn, however long the
  /// caller has slept in between: its number of turns has only twelve bits.
  [[nodiscard]] bool is_still_head(std::uint64_t position) const noexcept {
    // relaxed: after the acquire of the cell. pairs: queue.position
    return line_.head.load(std::memory_order_relaxed) == position;
  }

  /// `empty`: the entry is stale, or another one won.
  template <class Claim>
  [[nodiscard]] Taken try_claim(const layout::FullCell& entry, Claim&& claim) noexcept {
    auto& place = queue_.slot(entry.slot).word;
    // relaxed: after the acquire of the cell, and the exchange below decides. pairs: queue.commit
    std::uint64_t packed = place.load(std::memory_order_relaxed);
    const auto word = layout::QueueWord::unpack(packed);
    const bool is_here =
        word.is_listed() && word.ring() == name_ && word.sequence == entry.sequence;
    if (!is_here) {
      return {.outcome = Outcome::empty};
    }
    if (word.lane >= queue_.shape().lanes) {
      return {.outcome = Outcome::corrupt};
    }
    layout::QueueWord mine = claim(word);
    mine.sequence = word.sequence;
    // seq_cst: THIS DECIDES who has the slot. Acquire for its bytes, release for later holders; and
    // a producer that marks a slot so looks at `ended` next. pairs: queue.commit, queue.ended
    const bool is_won = place.compare_exchange_strong(
        packed, mine.pack(), std::memory_order_seq_cst, std::memory_order_relaxed);
    return {.outcome = is_won ? Outcome::done : Outcome::empty,
            .held = {.slot = entry.slot, .word = mine}};
  }

  void strike_out(std::uint64_t cell, std::uint64_t position) noexcept {
    // release: the word changed before: a broker that does not find an entry, and then finds the
    // word unchanged, knows that it was never made. Relaxed if another was first.
    // pairs: queue.emptied
    queue_.cell(name_, position)
        .compare_exchange_strong(
            cell, emptied(position), std::memory_order_release, std::memory_order_relaxed);
    advance(line_.head, position);
  }

  const typename A::Queue& queue_;
  layout::RingName name_;
  typename A::Queue::Ring& line_;
};

/// A move: the word first, which commits it, then the entry in the ring that the word names. The
/// caller owns the slot. `rounds`: none, or one Rounds that is shared with others.
///
/// Errors: corrupt  as QueueRing::append(); the word stands, and the broker may list it
template <class A = StdAtomics, class... Shared>
[[nodiscard]] Appended list_slot(const typename A::Queue& queue,
                                 std::uint32_t slot,
                                 layout::QueueWord word,
                                 Shared&... rounds) noexcept {
  // seq_cst: THE COMMIT. Release: the caller's reads and writes of the slot come before. And the
  // looks at `ended` and at who waits, after the move, come later than this for everybody.
  // Whoever dies right after it has made the move: the broker completes it.
  // pairs: queue.commit, queue.ended
  queue.slot(slot).word.store(word.pack(), std::memory_order_seq_cst);
  return QueueRing<A>(queue, word.ring()).append(slot, word.sequence, rounds...);
}

}  // namespace tenure::sync

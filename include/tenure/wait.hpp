// SPDX-License-Identifier: Apache-2.0
/// How long a call may wait.
#pragma once

#include <chrono>

namespace tenure {

/// The only way to wait: a duration from now. Zero or less: do not wait.
///
/// What did not wait says `empty`, `full` or `has_publisher`; what waited in vain says `timed_out`.
class Timeout {
 public:
  /// Any std::chrono duration; what does not fit into nanoseconds counts as kForever.
  template <class R, class P>
  // NOLINTNEXTLINE(google-explicit-constructor): `next(5s)` is how one waits.
  constexpr Timeout(std::chrono::duration<R, P> at_most) : at_most_(clamp(at_most)) {}

  [[nodiscard]] constexpr std::chrono::nanoseconds at_most() const noexcept { return at_most_; }
  [[nodiscard]] constexpr bool waits() const noexcept { return at_most_.count() > 0; }
  [[nodiscard]] constexpr bool forever() const noexcept {
    return at_most_ == std::chrono::nanoseconds::max();
  }

 private:
  template <class R, class P>
  static constexpr std::chrono::nanoseconds clamp(std::chrono::duration<R, P> at_most) {
    using Wide = std::chrono::duration<long double, std::nano>;
    constexpr auto most = std::chrono::nanoseconds::max();
    const Wide wide = std::chrono::duration_cast<Wide>(at_most);
    if (wide >= Wide(most)) {
      return most;
    }
    // Not a number is not above zero, either.
    return wide > Wide(0) ? std::chrono::duration_cast<std::chrono::nanoseconds>(at_most)
                          : std::chrono::nanoseconds::zero();
  }

  std::chrono::nanoseconds at_most_;
};

inline constexpr Timeout kNoWait{std::chrono::nanoseconds::zero()};
inline constexpr Timeout kForever{std::chrono::nanoseconds::max()};

}  // namespace tenure

// SPDX-License-Identifier: Apache-2.0
/// What a call gives back: a value, or an Error that says what the caller does next.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tenure {

/// Why a call was refused, grouped by what the caller does next. The numbers are ABI and are never
/// reused; the names are those on the wire, in logs and in Python.
enum class Errc : std::int32_t {
  // Fix the request.
  not_found = 1,
  exists = 2,
  denied = 3,
  unsupported = 4,
  bad_request = 5,
  // Free something, or raise the limit named in `detail`.
  quota = 10,
  no_memory = 11,
  too_many = 12,
  // Change the state first, or wait with a deadline.
  held = 20,
  has_publisher = 21,
  has_children = 22,
  attached = 23,
  not_attached = 24,
  needs_grain = 25,
  still_mapped = 26,
  // Normal flow.
  timed_out = 30,
  cancelled = 31,
  full = 32,
  empty = 33,
  finished = 34,
  gap = 35,
  // Read again; acknowledge or overwrite.
  torn = 40,
  poisoned = 41,
  // Open again: Role::reopen().
  stale = 50,
  superseded = 51,
  forked = 52,
  // The data path goes on; control calls try again by themselves when the broker is back.
  broker_gone = 60,
  // Upgrade one side; tell us.
  too_old = 70,
  corrupt = 71
};

/// The name of a code as on the wire, "not_found" for Errc::not_found; "unknown" for any other
/// number.
[[nodiscard]] std::string_view name_of(Errc code) noexcept;

/// A refusal. `detail` and `hint` stay empty with empty, full and torn: nothing is allocated there.
struct Error {
  Errc code = Errc::bad_request;
  int sys_errno = 0;        ///< The system's errno where a system call was refused, else 0.
  std::uint64_t count = 0;  ///< gap: bundles missed; quota, too_many: the limit.
  std::string detail =
      {};                 ///< Who, which range, which numbers: "weights: no such name on /run/...".
  std::string hint = {};  ///< What to do about it, or empty.

  /// "held: detail (hint)" on one line, for people.
  [[nodiscard]] std::string message() const;
};

/// What or_throw() and Result::value() throw.
class Failure : public std::runtime_error {
 public:
  explicit Failure(Error error) : std::runtime_error(error.message()), error_(std::move(error)) {}
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

/// A T or an Error: std::expected<T, Error> for C++20, as far as a caller needs it.
///
/// Left out: and_then, transform, or_else, transform_error, error_or, emplace, swap, ==, making a T
/// in place, and what only const rvalues use. An Error needs no std::unexpected around it, and
/// value() throws Failure.
///
/// Threads: like the T it holds.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = Error;

  // NOLINTNEXTLINE(google-explicit-constructor): like std::expected's.
  Result(T&& value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): as above.
  Result(const T& value) : state_(std::in_place_index<0>, value) {}
  // NOLINTNEXTLINE(google-explicit-constructor): `return Error{...}` is how calls refuse.
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  /// The value; undefined where there is none, like std::expected's.
  [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&state_); }
  [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&state_); }

  /// The value; throws Failure where there is none.
  [[nodiscard]] T& value() & {
    require_value();
    return **this;
  }
  [[nodiscard]] const T& value() const& {
    require_value();
    return **this;
  }
  [[nodiscard]] T&& value() && {
    require_value();
    return *std::move(*this);
  }
  template <class U>
  [[nodiscard]] T value_or(U&& other) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(other));
  }
  template <class U>
  [[nodiscard]] T value_or(U&& other) && {
    return has_value() ? *std::move(*this) : static_cast<T>(std::forward<U>(other));
  }

  /// The error; undefined where there is a value, like std::expected's.
  [[nodiscard]] Error& error() & noexcept { return *std::get_if<1>(&state_); }
  [[nodiscard]] const Error& error() const& noexcept { return *std::get_if<1>(&state_); }
  [[nodiscard]] Error&& error() && noexcept { return std::move(*std::get_if<1>(&state_)); }

 private:
  void require_value() const {
    if (!has_value()) {
      throw Failure(error());
    }
  }

  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  using error_type = Error;

  // Not `= default`, or `return {}` would first clear the room of an error, in every verb.
  Result() noexcept {}
  // NOLINTNEXTLINE(google-explicit-constructor): as above.
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
  void value() const {
    if (!has_value()) {
      throw Failure(error());
    }
  }
  [[nodiscard]] const Error& error() const& noexcept { return *std::get_if<1>(&state_); }
  [[nodiscard]] Error&& error() && noexcept { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<std::monostate, Error> state_;
};

/// The value of `result`; throws Failure with its error where there is none.
template <class T>
T or_throw(Result<T>&& result) {
  return std::move(result).value();
}
inline void or_throw(Result<void>&& result) {
  result.value();
}

}  // namespace tenure

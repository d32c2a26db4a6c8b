// SPDX-License-Identifier: Apache-2.0
/// How a verb fails: what it was about, and the library's error.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenure/result.hpp>

namespace tenure::cli {

/// Exit codes of the tool: a contract with scripts (tenure(1)).
enum class Exit : int {
  ok = 0,
  failed = 1,
  usage = 2,
  not_found = 3,
  denied = 4,
  busy = 5,
  no_broker = 6,
  too_old = 7,
  damaged = 8,
  finished = 9
};

[[nodiscard]] Exit exit_for(Errc code) noexcept;

/// Thrown while arguments are read or by a verb; reported once, in run(). `what` is the segment,
/// file or argument it is about.
class Refusal : public std::runtime_error {
 public:
  Refusal(std::string what, Error error)
      : std::runtime_error(error.message()), what_(std::move(what)), error_(std::move(error)) {}

  [[nodiscard]] const std::string& subject() const noexcept { return what_; }
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  std::string what_;
  Error error_;
};

/// Two arguments contradict each other, or one makes no sense for this segment: exit code 2.
class UsageError : public std::runtime_error {
 public:
  UsageError(const std::string& message, std::string hint)
      : std::runtime_error(message), hint_(std::move(hint)) {}
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

 private:
  std::string hint_;
};

/// The value; throws Refusal about `what` where there is none.
template <class T>
T need(std::string_view what, Result<T>&& result) {
  if (!result) {
    throw Refusal(std::string(what), std::move(result).error());
  }
  if constexpr (!std::is_void_v<T>) {
    return *std::move(result);
  }
}

/// Throws Refusal where `text`, given as `argument`, is not UTF-8: a broker cannot be told it.
void need_utf8(std::string_view argument, const std::string& text);

/// The detail without the subject and code that the report already begins with.
[[nodiscard]] std::string detail_of(std::string_view what, const Error& error);

}  // namespace tenure::cli

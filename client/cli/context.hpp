// SPDX-License-Identifier: Apache-2.0
/// What every verb works with: the options that all share, where it prints, and the connection.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include <tenure/client.hpp>

#include "client/cli/refusal.hpp"
#include "client/cli/text/table.hpp"

namespace tenure::cli {

/// Options of every verb.
struct CommonOptions {
  std::string socket = {};  ///< Empty: the library's default.
  bool wants_json = false;
  std::chrono::nanoseconds timeout{0};  ///< 0: be refused at once.
};

/// Whether `text` can match several names.
[[nodiscard]] inline bool is_glob(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

/// The same error with what a user wants to know where a name is missing: which broker was asked,
/// and how to wait; bad_request where `name` is a glob, which will never be there. Other errors as
/// they are.
[[nodiscard]] Error explain_missing(Client& client, const std::string& name, Error error);

/// Nothing has a name that `glob` matches.
[[nodiscard]] Refusal no_match(const std::string& glob);

/// The value; throws Refusal about the segment `name` where there is none.
template <class T>
T need_segment(Client& client, const std::string& name, Result<T>&& result) {
  if (!result) {
    throw Refusal(name, explain_missing(client, name, std::move(result).error()));
  }
  return need(name, std::move(result));
}

/// One run of the tool. Threads: one.
class Context {
 public:
  explicit Context(CommonOptions common);

  [[nodiscard]] const CommonOptions& common() const noexcept { return common_; }
  [[nodiscard]] bool wants_json() const noexcept { return common_.wants_json; }
  [[nodiscard]] const Style& style() const noexcept { return style_; }

  /// A session with the broker; with a timeout also waits for it to come up.
  /// Others see `name`.
  [[nodiscard]] Client connect(std::string name = "tenure") const;
  /// What is left of the timeout, counted from the start of the tool.
  [[nodiscard]] Timeout remaining() const noexcept;
  /// The same for a verb that waits itself: never nothing where there was a timeout, so that what
  /// comes too late is said to have timed out, not to have been refused at once.
  [[nodiscard]] Timeout patience() const noexcept;
  /// Waits, within the timeout, until `name` exists. Returns at once without a timeout; whether the
  /// name is there by then is for the verb itself to find out.
  void await_name(Client& client, const std::string& name) const;

  /// Writes to standard output at once. Throws Refusal where that fails (a full disk).
  void print(std::string_view text) const;
  /// One JSON document on one line.
  void print_json(const nlohmann::json& document) const;
  /// Says on standard error what was refused.
  void complain(const Refusal& refusal) const;
  /// The same as an object of what, code, detail, hint and exit.
  [[nodiscard]] nlohmann::json error_json(const Refusal& refusal) const;
  /// complain(), and with --json also {"error": ...} on standard output; `exit_status` where it is
  /// not that of the error.
  void report(const Refusal& refusal, std::optional<int> exit_status = {}) const;
  void report(std::string_view verb, const UsageError& error) const;

 private:
  void report_json(const nlohmann::json& error) const;

  CommonOptions common_;
  Style style_;
  Style error_style_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
/// How each verb's options are declared to CLI11. Only command_line.cpp and the declare_*.cpp
/// include this.
#pragma once

#include <charconv>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {

/// What is left to do with the options once all have been read; may throw UsageError, may be empty.
using Complete = std::function<void()>;

/// Declares the options of a verb, which are written to `options` when the line is parsed: it must
/// outlive that.
Complete declare(CLI::App& app, PingOptions& options);
Complete declare(CLI::App& app, LsOptions& options);
Complete declare(CLI::App& app, InspectOptions& options);
Complete declare(CLI::App& app, StatOptions& options);
Complete declare(CLI::App& app, CreateOptions& options);
Complete declare(CLI::App& app, RmOptions& options);
Complete declare(CLI::App& app, PutOptions& options);
Complete declare(CLI::App& app, GetOptions& options);
Complete declare(CLI::App& app, WatchOptions& options);
Complete declare(CLI::App& app, TokensOptions& options);
Complete declare(CLI::App& app, MapOptions& options);
Complete declare(CLI::App& app, LendOptions& options);
Complete declare(CLI::App& app, RevokeOptions& options);
Complete declare(CLI::App& app, LanesOptions& options);
Complete declare(CLI::App& app, PushOptions& options);
Complete declare(CLI::App& app, PopOptions& options);
Complete declare(CLI::App& app, ParkedOptions& options);
Complete declare(CLI::App& app, BenchOptions& options);

/// --socket, --timeout, --json.
void declare_common(CLI::App& app, CommonOptions& common);

/// Reads the value of `option`. Throws UsageError where it is no duration.
std::chrono::nanoseconds read_duration(const std::string& option, const std::string& text);

/// FILE or TENSOR=FILE, each; for `put` and `push`. Throws UsageError where several lack the names
/// of their tensors; the hint is an example.
[[nodiscard]] std::vector<PutFile> read_files(const std::vector<std::string>& texts,
                                              const std::string& hint);

/// --every and --count. Complete it.
Complete declare_intervals(CLI::App& app,
                           std::optional<std::chrono::nanoseconds>& every,
                           std::uint64_t& count,
                           const std::string& description);

/// Declares an argument that the broker is told, such as a name; Refusal where it is not UTF-8.
template <class Value>
CLI::Option* add_word(CLI::App& app,
                      const std::string& argument,
                      Value& value,
                      const std::string& description) {
  return app.add_option(argument, value, description)
      ->type_name("")
      ->each([argument](const std::string& text) { need_utf8(argument, text); });
}

/// An option whose text `read` takes, or refuses by UsageError.
CLI::Option* add_text(CLI::App& app,
                      const std::string& option,
                      const std::function<void(const std::string&)>& read,
                      const std::string& type,
                      const std::string& description);

/// An option that is a whole number. (CLI11 would read -1 as a very large one.)
template <class Number>
CLI::Option* add_number(CLI::App& app,
                        const std::string& option,
                        Number& value,
                        const std::string& description,
                        std::type_identity_t<Number> least = 0) {
  const auto read = [&value, option, least](const std::string& text) {
    Number number = 0;
    const char* end = text.data() + text.size();
    const auto [next, failed] = std::from_chars(text.data(), end, number);
    if (text.empty() || failed != std::errc{} || next != end || number < least) {
      throw UsageError(option + ": no such number: \"" + text + "\"",
                       "it is a whole number from " + std::to_string(least) + " on");
    }
    value = number;
  };
  return add_text(app, option, read, "N", description);
}

}  // namespace tenure::cli

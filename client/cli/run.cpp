// SPDX-License-Identifier: Apache-2.0
#include "client/cli/run.hpp"

#include <cstdio>
#include <exception>
#include <new>

#include "client/cli/command_line.hpp"

namespace tenure::cli {
namespace {

int run_line(const CommandLine& line) {
  const Context context(line.common);
  try {
    return std::visit([&](const auto& options) { return run_verb(context, options); }, line.verb);
  } catch (const Refusal& refusal) {
    context.report(refusal);
    return static_cast<int>(exit_for(refusal.error().code));
  } catch (const UsageError& error) {
    context.report(line.verb_name, error);
    return static_cast<int>(Exit::usage);
  }
}

int run_parsed(const std::variant<CommandLine, Answer, Misuse>& parsed) {
  if (const auto* answer = std::get_if<Answer>(&parsed)) {
    Context({}).print(answer->text);
    return 0;
  }
  if (const auto* misuse = std::get_if<Misuse>(&parsed)) {
    const Context context({.wants_json = misuse->wants_json});
    context.report(misuse->verb_name, UsageError(misuse->message, misuse->hint));
    return static_cast<int>(Exit::usage);
  }
  return run_line(std::get<CommandLine>(parsed));
}

int run_arguments(std::span<const std::string> arguments) {
  try {
    return run_parsed(parse_command_line(arguments));
  } catch (const Refusal& refusal) {  // A name that is not UTF-8; --help on a full disk.
    Context({.wants_json = asks_for_json(arguments)}).report(refusal);
    return static_cast<int>(exit_for(refusal.error().code));
  }
}

}  // namespace

int run(std::span<const std::string> arguments) noexcept {
  try {
    return run_arguments(arguments);
  } catch (const std::bad_alloc&) {
    std::fputs("tenure: no_memory: out of memory\n", stderr);
  } catch (const std::exception& error) {
    // Standard output is gone: nothing else can go wrong while a refusal is reported.
    std::fprintf(stderr, "tenure: %s\n", error.what());
  }
  return static_cast<int>(Exit::failed);
}

}  // namespace tenure::cli

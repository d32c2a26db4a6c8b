// SPDX-License-Identifier: Apache-2.0
// Runs programs together, with a `tenured` of their own, as `run_with_tenured TENURED -- PROGRAM
// [ARGUMENT...] [-- PROGRAM [ARGUMENT...]]...`. They find it by $TENURE_SOCKET.
//
// The last program decides: when it has ended, those that still run are asked to end. The exit code
// is 0 if it succeeded, and none of the others failed before that; 77 if it says so, for "skipped".
#include <signal.h>
#include <stdlib.h>

#include <chrono>
#include <exception>
#include <iostream>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "client/examples/runner/child_process.hpp"
#include "client/examples/runner/private_tenured.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kProgramTimeout{40};
constexpr int kSkipped = 77;

std::vector<examples::Launch> split(std::span<char* const> words) {
  std::vector<examples::Launch> launches;
  for (const std::string_view word : words) {
    if (word == "--") {
      launches.emplace_back();
    } else if (launches.empty()) {
      return {};
    } else if (launches.back().program.empty()) {
      launches.back().program = word;
    } else {
      launches.back().arguments.emplace_back(word);
    }
  }
  return launches;
}

bool succeeded(const examples::Launch& launch, const std::optional<examples::Ending>& ending) {
  if (ending && ending->exit_code == 0) {
    return true;
  }
  std::cerr << launch.program.string() << ": " << (ending ? ending->text() : "did not end in time")
            << '\n';
  return false;
}

// Ends a program that runs until it is told to stop.
bool ended_when_asked(const examples::Launch& launch, examples::ChildProcess& child) {
  if (const auto ending = child.wait(0ms)) {
    return succeeded(launch, ending);
  }
  child.send(SIGTERM);
  const auto ending = child.wait(5s);
  return (ending && ending->signal == SIGTERM) || succeeded(launch, ending);
}

// The exit code.
int run(const char* tenured, const std::vector<examples::Launch>& launches) {
  const examples::PrivateTenured broker(tenured);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread.
  ::setenv("TENURE_SOCKET", broker.socket().c_str(), 1);
  std::vector<examples::ChildProcess> children;
  children.reserve(launches.size());
  for (const examples::Launch& launch : launches) {
    children.push_back(examples::ChildProcess::start(launch));
  }
  const auto ending = children.back().wait(kProgramTimeout);
  const bool is_skipped = ending && ending->exit_code == kSkipped;
  bool good = is_skipped || succeeded(launches.back(), ending);
  for (std::size_t i = 0; i + 1 < children.size(); ++i) {
    good = ended_when_asked(launches[i], children[i]) && good;
  }
  if (!good) {
    std::cerr << broker.log();
    return 1;
  }
  return is_skipped ? kSkipped : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
  const auto launches =
      words.size() > 2 ? split(words.subspan(2)) : std::vector<examples::Launch>{};
  if (launches.empty() || launches.back().program.empty()) {
    std::cerr << "usage: run_with_tenured TENURED -- PROGRAM [ARGUMENT...] [-- PROGRAM ...]...\n";
    return 2;
  }
  try {
    return run(words[1], launches);
  } catch (const std::exception& failure) {
    std::cerr << "run_with_tenured: " << failure.what() << '\n';
    return 1;
  }
}

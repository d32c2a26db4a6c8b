// SPDX-License-Identifier: Apache-2.0
// Randomised runs of minutes and more. usage: soak KIND [--seconds N] [--seed S]
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/soak/interrupt.hpp"
#include "tests/soak/topic_soak.hpp"

namespace tenure::soak {
namespace {

constexpr const char* kUsage = "usage: soak KIND [--seconds N] [--seed S]\nkinds: topic\n";

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return is_number ? std::optional(number) : std::nullopt;
}

// Nothing: not to be understood.
std::optional<SoakOptions> parse(const std::vector<std::string_view>& arguments) {
  SoakOptions options{.seed = std::random_device{}()};
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    const auto number =
        i + 1 < arguments.size() ? parse_number(arguments[i + 1]) : std::optional<std::uint64_t>();
    if (!number) {
      return std::nullopt;
    }
    if (arguments[i] == "--seconds" && *number != 0 && *number < 1'000'000) {
      options.length = std::chrono::seconds(*number);
    } else if (arguments[i] == "--seed") {
      options.seed = *number;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

int run(const std::vector<std::string_view>& arguments) {
  if (arguments.empty() || arguments[0].starts_with("-")) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  if (arguments[0] != "topic") {
    std::fprintf(stderr,
                 "soak: there is no kind %.*s; there are: topic\n",
                 static_cast<int>(arguments[0].size()),
                 arguments[0].data());
    return 2;
  }
  const auto options = parse(arguments);
  if (!options) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const Outcome outcome = soak_topics(*options);
  std::printf("soak topic: %llu operations, %llu violations, seed %llu\n",
              static_cast<unsigned long long>(outcome.operations),
              static_cast<unsigned long long>(outcome.violations),
              static_cast<unsigned long long>(options->seed));
  if (outcome.violations != 0) {
    return 1;
  }
  return is_interrupted() ? 130 : 0;
}

}  // namespace
}  // namespace tenure::soak

int main(int argc, char** argv) {
  try {
    return tenure::soak::run({argv + 1, argv + argc});
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "soak: %s\n", failure.what());
    return 1;
  }
}

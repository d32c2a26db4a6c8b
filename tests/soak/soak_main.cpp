// SPDX-License-Identifier: Apache-2.0
// Randomised runs of minutes and more. usage: soak KIND [--seconds N] [--seed S]; a soak of regions
// also takes [--workers N] [--handovers N].
#include <algorithm>
#include <array>
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

#include "tests/soak/board.hpp"
#include "tests/soak/interrupt.hpp"
#include "tests/soak/queue_soak.hpp"
#include "tests/soak/region_soak.hpp"
#include "tests/soak/topic_soak.hpp"

namespace tenure::soak {
namespace {

constexpr const char* kUsage =
    "usage: soak topic [--seconds N] [--seed S]\n"
    "       soak queue [--seconds N] [--seed S]\n"
    "       soak region [--seconds N] [--seed S] [--workers N] [--handovers N]\n";
// As many as a round has at most.
constexpr std::uint64_t kMostWorkers = kMaxRegionWorkers - 1;

struct Kind {
  std::string_view name;
  Outcome (*run)(const SoakOptions& options);
};
constexpr std::array kKinds{Kind{.name = "topic", .run = soak_topics},
                            Kind{.name = "queue", .run = soak_queues},
                            Kind{.name = "region", .run = soak_regions}};

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return is_number ? std::optional(number) : std::nullopt;
}

// Whether it is one.
bool take_region_option(std::string_view name, std::uint64_t number, SoakOptions& options) {
  if (name == "--workers" && number != 0 && number <= kMostWorkers) {
    options.workers = static_cast<std::uint32_t>(number);
  } else if (name == "--handovers" && number != 0) {
    options.handovers = number;
  } else {
    return false;
  }
  return true;
}

// Nothing: not to be understood.
std::optional<SoakOptions> parse(const std::vector<std::string_view>& arguments) {
  const bool is_of_regions = arguments[0] == "region";
  SoakOptions options{.seed = std::random_device{}()};
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    const auto number =
        i + 1 < arguments.size() ? parse_number(arguments[i + 1]) : std::optional<std::uint64_t>();
    if (!number) {
      return std::nullopt;
    }
    if (arguments[i] == "--seconds" && *number != 0 && *number < 1'000'000) {
      options.length = std::chrono::seconds(*number);
      options.is_length_given = true;
    } else if (arguments[i] == "--seed") {
      options.seed = *number;
    } else if (!is_of_regions || !take_region_option(arguments[i], *number, options)) {
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
  const auto* const kind = std::ranges::find(kKinds, arguments[0], &Kind::name);
  if (kind == kKinds.end()) {
    std::fprintf(stderr,
                 "soak: there is no kind %.*s; there are: topic, queue, region\n",
                 static_cast<int>(arguments[0].size()),
                 arguments[0].data());
    return 2;
  }
  const auto options = parse(arguments);
  if (!options) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const Outcome outcome = kind->run(*options);
  std::printf("soak %s: %llu operations, %llu violations, seed %llu\n",
              kind->name.data(),
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

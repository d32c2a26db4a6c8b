// SPDX-License-Identifier: Apache-2.0
/// Where the two processes of a measurement run, and on what.
#pragma once

#include <string>

#include <tenure/result.hpp>

namespace tenure::cli::bench {

/// Two CPUs that this process may use: of different cores where there are such.
struct CpuPair {
  int here = 0;
  int there = 0;
};

/// Errors: unsupported  there is only one
[[nodiscard]] Result<CpuPair> choose_cpus();

/// Keeps the calling thread on `cpu`. Errors: denied  as the system says
[[nodiscard]] Result<void> pin_to(int cpu);

/// "AMD EPYC, 2 cpus, Linux 6.1.0, cpus 0 and 1".
[[nodiscard]] std::string describe_machine(CpuPair cpus);

}  // namespace tenure::cli::bench

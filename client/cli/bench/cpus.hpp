// SPDX-License-Identifier: Apache-2.0
/// Where the two processes of a measurement run, and on what.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include <tenure/result.hpp>

namespace tenure::cli::bench {

/// Two CPUs that this process may use: of different cores where there are such.
struct CpuPair {
  int here = 0;
  int there = 0;
};

/// Errors: unsupported  there is only one
[[nodiscard]] Result<CpuPair> choose_cpus();

/// All that this process may use, those of `first` before the others.
[[nodiscard]] std::vector<int> usable_cpus(CpuPair first);

/// Keeps a thread on `cpu`; 0: the calling one. Errors: denied  as the system says
[[nodiscard]] Result<void> pin_to(int cpu, ::pid_t thread = 0);

/// Lets the calling thread run on the cpus on which the process may that listens on `socket`.
/// Errors: broker_gone  nobody listens there;  denied  as the system says
[[nodiscard]] Result<void> run_where_server_may(const std::string& socket);

/// "AMD EPYC, 2 cpus, Linux 6.1.0, cpus 0 and 1".
[[nodiscard]] std::string describe_machine(CpuPair cpus);

}  // namespace tenure::cli::bench

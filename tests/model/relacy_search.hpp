// SPDX-License-Identifier: Apache-2.0
/// Running a suite through relacy's random schedules, and what the tests expect of it.
#pragma once

#include <gtest/gtest.h>

#include <iostream>

#include "tests/model/relacy_atomics.hpp"

namespace tenure::test {

/// Schedules tried of what must hold, and at most of what must fail (it fails much sooner).
inline constexpr rl::iteration_t kSchedules = 200'000;

/// A suite of `kThreads` threads, named by Derived, which all begin anew with each schedule.
template <class Derived, int kThreads>
class Suite : public rl::test_suite<Derived, kThreads> {
  friend Derived;
  Suite() { actors.fill(Actor{}); }
};

/// Runs it; `log` gets what happened in the schedule that failed, step by step. It must not
/// allocate: relacy counts the allocations of a simulation.
template <class AnySuite>
[[nodiscard]] rl::test_params search(std::ostream& log) {
  rl::test_params params;
  params.iteration_count = kSchedules;
  params.search_type = rl::sched_random;
  params.output_stream = &log;
  params.progress_stream = &log;
  rl::simulate<AnySuite>(params);
  return params;
}

template <class AnySuite>
void expect_holds() {
  const rl::test_params end = search<AnySuite>(std::cout);
  EXPECT_EQ(end.test_result, rl::test_result_success) << "schedule " << end.stop_iteration;
}

/// The variant is wrong: if no schedule shows it, the test is blind.
template <class AnySuite>
void expect_fails() {
  std::ostream nowhere(nullptr);
  const rl::test_params end = search<AnySuite>(nowhere);
  EXPECT_NE(end.test_result, rl::test_result_success) << "not seen in any schedule";
  std::cout << "fails at schedule " << end.stop_iteration << ": "
            << rl::test_result_str(end.test_result) << '\n';
}

}  // namespace tenure::test

// SPDX-License-Identifier: Apache-2.0
// A million random operations. $TENURE_SEED repeats a run.
#include "tests/unit/daemon/token_model.hpp"

namespace tenure::core {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kOperations = 50'000;
#else
constexpr int kOperations = 1'000'000;
#endif

TEST_F(TokenModel, AgreesWithAByteForEachPage) {
  for (; operations_ < kOperations && !HasFailure(); ++operations_) {
    run_one();
    check_outcomes();
    check_state();
  }
}

}  // namespace
}  // namespace tenure::core

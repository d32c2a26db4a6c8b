// SPDX-License-Identifier: Apache-2.0
/// What each measurement is called in the report, and what it is to reach.
#pragma once

#include <string>
#include <vector>

#include "client/cli/bench/report.hpp"
#include "client/cli/bench/suite.hpp"
#include "client/cli/bench/token_verbs.hpp"

namespace tenure::cli::bench {

[[nodiscard]] std::vector<Row> rows_of(const Measurements& found);
/// `where` the broker runs: ", same cpu".
[[nodiscard]] std::vector<Row> rows_of(const TokenVerbs& found, const std::string& where);

}  // namespace tenure::cli::bench

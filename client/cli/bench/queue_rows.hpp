// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/cli/bench/queue_suite.hpp"
#include "client/cli/bench/report.hpp"

namespace tenure::cli::bench {

/// Adds the rows of queues, and why some are missing, if any are.
void add_rows_of(const QueueMeasurements& found, Report& report);

}  // namespace tenure::cli::bench

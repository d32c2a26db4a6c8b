// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tenure::app {

/// The whole of `tenured`. Returns the exit status: 0 ended by SIGTERM or SIGINT, or it only told
/// something; 1 cannot listen on its socket; 2 a bad option, variable or file.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace tenure::app

// SPDX-License-Identifier: Apache-2.0
/// The whole demo: a broker of its own, the play, and a look at what is left when all have gone.
#pragma once

#include <csignal>
#include <filesystem>

#include "client/examples/digits/demo/evidence.hpp"
#include "client/examples/digits/demo/play.hpp"
#include "client/examples/digits/demo/screen.hpp"

namespace digits {

/// The programs of Tenure itself.
struct Installation {
  std::filesystem::path tenured;
  std::filesystem::path tenure;  ///< Only printed, for a person to type.
};

/// Starts, plays, ends everything; `options` gets the socket. Throws std::exception where a process
/// fails or takes too long: what was started is then ended all the same.
[[nodiscard]] Evidence run_stage(const Installation& installation,
                                 PlayOptions options,
                                 Screen& screen,
                                 const volatile std::sig_atomic_t& interrupted);

}  // namespace digits

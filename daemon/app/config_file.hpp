// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "daemon/app/settings.hpp"

namespace tenure::app {

/// Reads a JSON object, in which comments are allowed.
///
/// Errors: bad_request  it cannot be read, is no JSON object, or has a key or a type that is not
///                      known; the detail names the file, and the nearest key there is
[[nodiscard]] Result<SettingsText> read_config(const std::string& path);

}  // namespace tenure::app

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace tenure::detail {

/// Which socket to use, and for error messages who said so.
struct SocketPath {
  std::string path;
  std::string source;  // "given", "TENURE_SOCKET", "XDG_RUNTIME_DIR", "default"
};

/// `given` if it is not empty, else $TENURE_SOCKET, else $XDG_RUNTIME_DIR/tenure/control.sock if
/// that exists, else /run/tenure/control.sock.
[[nodiscard]] SocketPath choose_socket(const std::string& given);

}  // namespace tenure::detail

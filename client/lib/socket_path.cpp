// SPDX-License-Identifier: Apache-2.0
#include "client/lib/socket_path.hpp"

#include <unistd.h>

#include <cstdlib>

namespace tenure::detail {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

SocketPath choose_socket(const std::string& given) {
  if (!given.empty()) {
    return {.path = given, .source = "given"};
  }
  if (std::string path = environment("TENURE_SOCKET"); !path.empty()) {
    return {.path = std::move(path), .source = "TENURE_SOCKET"};
  }
  if (const std::string runtime = environment("XDG_RUNTIME_DIR"); !runtime.empty()) {
    std::string path = runtime + "/tenure/control.sock";
    if (::access(path.c_str(), F_OK) == 0) {
      return {.path = std::move(path), .source = "XDG_RUNTIME_DIR"};
    }
  }
  return {.path = "/run/tenure/control.sock", .source = "default"};
}

}  // namespace tenure::detail

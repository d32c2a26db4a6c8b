// SPDX-License-Identifier: Apache-2.0
// A build without CUDA.
#include "client/lib/device.hpp"

namespace tenure::detail {

Result<void> register_with_device(const HostRange& /*range*/) {
  return Error{.code = Errc::unsupported,
               .detail = "this library was built without CUDA",
               .hint = "configure it with -DTENURE_CUDA=ON, or pin to PinTo::memory"};
}

void unregister_with_device(const HostRange& /*range*/) noexcept {
}

}  // namespace tenure::detail

// SPDX-License-Identifier: Apache-2.0
// A build with CUDA: by the runtime, which is linked statically and finds the driver when first
// used.
#include "client/lib/device.hpp"

#include <string>

#include <cuda_runtime_api.h>

#include "client/lib/memlock.hpp"

namespace tenure::detail {
namespace {

constexpr const char* kWithoutDevice = "pin to PinTo::memory, which needs no device";

std::string text_of(cudaError_t status) {
  return std::string(::cudaGetErrorName(status)) + ", " + ::cudaGetErrorString(status);
}

Error unsupported(std::string detail, const char* hint) {
  return {.code = Errc::unsupported, .detail = std::move(detail), .hint = hint};
}

Result<void> check_device() {
  int devices = 0;
  const cudaError_t status = ::cudaGetDeviceCount(&devices);
  if (status == cudaSuccess && devices > 0) {
    return {};
  }
  ::cudaGetLastError();  // What is reported here is not found again by the caller's own checks.
  return status == cudaErrorInsufficientDriver || status == cudaErrorStubLibrary
             ? unsupported("no CUDA driver, or one too old for this build: " + text_of(status),
                           kWithoutDevice)
             : unsupported("no CUDA device: " + text_of(status), kWithoutDevice);
}

Error refusal(cudaError_t status, const HostRange& range) {
  const std::string what =
      "cudaHostRegister of " + std::to_string(range.size_bytes) + " bytes: " + text_of(status);
  switch (status) {
    case cudaErrorMemoryAllocation:
      return memlock_error(what, 0);
    case cudaErrorHostMemoryAlreadyRegistered:
      return {.code = Errc::held,
              .detail = what,
              .hint = "other code of this process has registered this mapping; it is pinned"};
    default:
      return range.is_read_only
                 ? unsupported(what + "; the memory is mapped read-only",
                               "the device may lack cudaDevAttrHostRegisterReadOnlySupported: copy "
                               "from memory that is not pinned")
                 : unsupported(what, "copy from memory that is not pinned");
  }
}

}  // namespace

Result<void> register_with_device(const HostRange& range) {
  if (auto there = check_device(); !there) {
    return there;
  }
  // Portable: pinned for every device of this process, not only for the current one.
  const unsigned flags =
      cudaHostRegisterPortable | (range.is_read_only ? cudaHostRegisterReadOnly : 0U);
  const cudaError_t status = ::cudaHostRegister(range.data, range.size_bytes, flags);
  if (status == cudaSuccess) {
    return {};
  }
  ::cudaGetLastError();  // As above.
  return refusal(status, range);
}

void unregister_with_device(const HostRange& range) noexcept {
  // Refused only when the runtime is being unloaded, and has let go of everything.
  if (::cudaHostUnregister(range.data) != cudaSuccess) {
    ::cudaGetLastError();
  }
}

}  // namespace tenure::detail

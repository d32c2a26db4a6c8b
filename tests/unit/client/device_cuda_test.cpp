// SPDX-License-Identifier: Apache-2.0
// What register_with_device() makes of what CUDA answers. The runtime is played by this file, so
// it takes the toolkit's headers and no device.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <utility>

#include <cuda_runtime_api.h>

#include "client/lib/device.hpp"

namespace {

// What the runtime is to answer, and what it was asked.
struct Runtime {
  cudaError_t count_status = cudaSuccess;
  int devices = 1;
  cudaError_t register_status = cudaSuccess;
  cudaError_t unregister_status = cudaSuccess;
  cudaError_t last_error = cudaSuccess;
  const void* registered = nullptr;
  std::size_t size_bytes = 0;
  unsigned flags = 0;
  const void* unregistered = nullptr;
};
Runtime runtime;

cudaError_t answer(cudaError_t status) {
  if (status != cudaSuccess) {
    runtime.last_error = status;
  }
  return status;
}

}  // namespace

extern "C" {
cudaError_t cudaGetDeviceCount(int* count) {
  *count = runtime.devices;
  return answer(runtime.count_status);
}
cudaError_t cudaHostRegister(void* data, std::size_t size_bytes, unsigned flags) {
  runtime.registered = data;
  runtime.size_bytes = size_bytes;
  runtime.flags = flags;
  return answer(runtime.register_status);
}
cudaError_t cudaHostUnregister(void* data) {
  runtime.unregistered = data;
  return answer(runtime.unregister_status);
}
cudaError_t cudaGetLastError() {
  return std::exchange(runtime.last_error, cudaSuccess);
}
const char* cudaGetErrorName(cudaError_t /*status*/) {
  return "cudaErrorName";
}
const char* cudaGetErrorString(cudaError_t /*status*/) {
  return "said by CUDA";
}
}

namespace tenure::detail {
namespace {

using testing::HasSubstr;

class DeviceCuda : public testing::Test {
 protected:
  void SetUp() override { runtime = {}; }
  // It is refused, and the caller's own cudaGetLastError() finds nothing of it.
  [[nodiscard]] Error refusal(bool is_read_only = false) {
    const auto done = register_with_device(
        {.data = bytes_.data(), .size_bytes = bytes_.size(), .is_read_only = is_read_only});
    EXPECT_EQ(runtime.last_error, cudaSuccess);
    return done ? Error{.code = Errc{}, .detail = "it was registered"} : done.error();
  }
  std::array<std::byte, 64> bytes_{};
};

TEST_F(DeviceCuda, RegistersTheRangeForAllDevices) {
  EXPECT_TRUE(register_with_device({.data = bytes_.data(), .size_bytes = 64}));
  EXPECT_EQ(runtime.registered, bytes_.data());
  EXPECT_EQ(runtime.size_bytes, 64U);
  EXPECT_EQ(runtime.flags, unsigned{cudaHostRegisterPortable});
}

TEST_F(DeviceCuda, ReadOnlyMemoryIsRegisteredAsSuch) {
  EXPECT_TRUE(
      register_with_device({.data = bytes_.data(), .size_bytes = 64, .is_read_only = true}));
  EXPECT_EQ(runtime.flags, unsigned{cudaHostRegisterPortable | cudaHostRegisterReadOnly});
}

TEST_F(DeviceCuda, WithoutDriverIsUnsupported) {
  runtime.count_status = cudaErrorInsufficientDriver;
  const Error error = refusal();
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_THAT(error.detail, HasSubstr("no CUDA driver"));
  EXPECT_THAT(error.detail, HasSubstr("said by CUDA"));
  EXPECT_EQ(runtime.registered, nullptr);
}

TEST_F(DeviceCuda, WithoutDeviceIsUnsupported) {
  runtime.count_status = cudaErrorNoDevice;
  EXPECT_EQ(refusal().code, Errc::unsupported);
  EXPECT_THAT(refusal().detail, HasSubstr("no CUDA device"));
  runtime.count_status = cudaSuccess;
  runtime.devices = 0;
  EXPECT_EQ(refusal().code, Errc::unsupported);
}

TEST_F(DeviceCuda, MemoryThatCannotBePinnedNamesTheLimit) {
  runtime.register_status = cudaErrorMemoryAllocation;
  const Error error = refusal();
  EXPECT_EQ(error.code, Errc::no_memory);
  EXPECT_THAT(error.detail, HasSubstr("cudaHostRegister of 64 bytes"));
  EXPECT_THAT(error.detail, HasSubstr("RLIMIT_MEMLOCK"));
  EXPECT_FALSE(error.hint.empty());
}

TEST_F(DeviceCuda, MemoryThatIsRegisteredAlreadyIsHeld) {
  runtime.register_status = cudaErrorHostMemoryAlreadyRegistered;
  EXPECT_EQ(refusal().code, Errc::held);
}

TEST_F(DeviceCuda, DeviceWithoutReadOnlyRegistrationIsUnsupported) {
  runtime.register_status = cudaErrorNotSupported;
  const Error error = refusal(true);
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_THAT(error.detail, HasSubstr("read-only"));
  EXPECT_THAT(error.hint, HasSubstr("cudaDevAttrHostRegisterReadOnlySupported"));
}

TEST_F(DeviceCuda, AnyOtherRefusalIsUnsupportedInCudasWords) {
  runtime.register_status = cudaErrorInvalidValue;
  const Error error = refusal();
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_THAT(error.detail, HasSubstr("said by CUDA"));
}

TEST_F(DeviceCuda, UnregistersWithoutATrace) {
  runtime.unregister_status = cudaErrorCudartUnloading;
  unregister_with_device({.data = bytes_.data(), .size_bytes = 64});
  EXPECT_EQ(runtime.unregistered, bytes_.data());
  EXPECT_EQ(runtime.last_error, cudaSuccess);
}

}  // namespace
}  // namespace tenure::detail

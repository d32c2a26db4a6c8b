// SPDX-License-Identifier: Apache-2.0
// Copies the newest frames of the topic cam/0 to a CUDA device and back, straight from where they
// lie.
//
//   device_copy 10      so many frames
//
// pin() tells CUDA of the topic's memory once, and the driver then copies by DMA, without a buffer
// of its own in between. If pinning is refused, the same copies work, only slower. Ends with 77
// where there is no device.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <vector>

#include <cuda_runtime_api.h>

#include <tenure/pin.hpp>
#include <tenure/tenure.hpp>

using namespace std::chrono_literals;
using namespace tenure;

namespace {

constexpr int kSkipped = 77;

void check(cudaError_t status) {
  if (status != cudaSuccess) {
    throw std::runtime_error(cudaGetErrorString(status));
  }
}

class DeviceMemory {
 public:
  explicit DeviceMemory(std::size_t size_bytes) { check(cudaMalloc(&data_, size_bytes)); }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory() { cudaFree(data_); }
  [[nodiscard]] void* data() const noexcept { return data_; }

 private:
  void* data_ = nullptr;
};

bool has_device() {
  int devices = 0;
  const cudaError_t status = cudaGetDeviceCount(&devices);
  if (status != cudaSuccess) {
    std::cout << "skipped: " << cudaGetErrorString(status) << '\n';
  } else if (devices == 0) {
    std::cout << "skipped: no CUDA device\n";
  }
  return devices > 0;
}

void copy_frames(std::uint64_t count) {
  Client client = or_throw(Client::connect({.name = "device"}));
  Subscriber camera = or_throw(client.subscriber("cam/0", {.timeout = 60s}));
  const Result<Pin> pinned = pin(camera);  // Once, for all slots and all frames to come.
  if (!pinned) {
    std::cout << "not pinned: " << pinned.error().message() << '\n';
  }
  for (std::uint64_t seen = 0; seen < count; ++seen) {
    or_throw(camera.wait(10s));
    View frame = or_throw(camera.latest());
    const TensorView image = or_throw(frame.tensor("image"));
    const std::size_t size_bytes = image.size_bytes();
    const DeviceMemory device(size_bytes);
    std::vector<std::byte> back(size_bytes);
    check(cudaMemcpy(device.data(), image.data(), size_bytes, cudaMemcpyHostToDevice));
    check(cudaMemcpy(back.data(), device.data(), size_bytes, cudaMemcpyDeviceToHost));
    if (!std::equal(back.begin(), back.end(), image.data())) {
      throw std::runtime_error("another frame came back");
    }
    std::cout << "v" << frame.version() << "  " << size_bytes << " bytes to the device and back\n";
    or_throw(frame.release());
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (!has_device()) {
      return kSkipped;
    }
    copy_frames(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10);
  } catch (const std::exception& failure) {
    std::cerr << "device_copy: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}

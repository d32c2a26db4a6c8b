// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/to_device.hpp"

#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include <cuda_runtime_api.h>

#include <tenure/pin.hpp>

namespace tenure::cli::bench {
namespace {

using namespace std::chrono_literals;

Error cuda_error(const char* call, cudaError_t status) {
  return {.code = status == cudaErrorMemoryAllocation ? Errc::no_memory : Errc::unsupported,
          .detail = std::string(call) + ": " + ::cudaGetErrorString(status)};
}

struct FreeDevice {
  void operator()(void* memory) const noexcept { ::cudaFree(memory); }
};
struct FreeHost {
  void operator()(void* memory) const noexcept { ::cudaFreeHost(memory); }
};
using DeviceMemory = std::unique_ptr<void, FreeDevice>;
using HostMemory = std::unique_ptr<void, FreeHost>;

Result<DeviceMemory> allocate_on_device() {
  void* memory = nullptr;
  const cudaError_t status = ::cudaMalloc(&memory, kToDeviceBytes);
  return status == cudaSuccess ? Result<DeviceMemory>(DeviceMemory(memory))
                               : cuda_error("cudaMalloc", status);
}

Result<HostMemory> allocate_on_host() {
  void* memory = nullptr;
  const cudaError_t status = ::cudaMallocHost(&memory, kToDeviceBytes);
  if (status != cudaSuccess) {
    return cuda_error("cudaMallocHost", status);
  }
  std::memset(memory, 7, kToDeviceBytes);
  return HostMemory(memory);
}

// A subscriber to a topic of one bundle of that many bytes.
Result<Subscriber> open_topic(Client& client, const std::string& name) {
  const TopicOptions options{
      .schema = {{"bytes", DType::uint8, {static_cast<std::int64_t>(kToDeviceBytes)}}}, .slots = 3};
  if (auto created = client.create_topic(name, options); !created) {
    return std::move(created).error();
  }
  auto publisher = client.publisher(name);
  if (!publisher) {
    return std::move(publisher).error();
  }
  auto draft = publisher->draft(10s);
  if (!draft) {
    return std::move(draft).error();
  }
  const auto bytes = draft->span<std::uint8_t>("bytes");
  if (!bytes) {
    return bytes.error();
  }
  std::memset(bytes->data(), 7, bytes->size());
  if (auto published = publisher->publish(*std::move(draft)); !published) {
    return std::move(published).error();
  }
  return client.subscriber(name);
}

Result<void> copy(void* device, const void* host, Samples& samples) {
  const auto begun = std::chrono::steady_clock::now();
  const cudaError_t status = ::cudaMemcpy(device, host, kToDeviceBytes, cudaMemcpyHostToDevice);
  samples.add(std::chrono::steady_clock::now() - begun);
  return status == cudaSuccess ? Result<void>() : cuda_error("cudaMemcpy", status);
}

Result<Pair> copy_in_turns(void* device,
                           const void* theirs,
                           const void* ours,
                           std::uint64_t rounds) {
  Pair warming;
  Pair out;
  for (std::uint64_t round = 0; round <= rounds; ++round) {
    Pair& pair = round == 0 ? warming : out;
    auto done = copy(device, theirs, pair.limit);
    done = done ? copy(device, ours, pair.ours) : done;
    if (!done) {
      return std::move(done).error();
    }
  }
  return out;
}

}  // namespace

Result<Pair> measure_to_device(Client& client, const std::string& name, std::uint64_t rounds) {
  int devices = 0;
  if (const cudaError_t status = ::cudaGetDeviceCount(&devices); status != cudaSuccess) {
    return cuda_error("cudaGetDeviceCount", status);
  }
  auto subscriber = open_topic(client, name);
  if (!subscriber) {
    return std::move(subscriber).error();
  }
  auto pinned = pin(*subscriber);
  if (!pinned) {
    return std::move(pinned).error();
  }
  auto view = subscriber->latest();
  if (!view) {
    return std::move(view).error();
  }
  const auto bytes = view->span<std::uint8_t>("bytes");
  if (!bytes) {
    return bytes.error();
  }
  auto device = allocate_on_device();
  if (!device) {
    return std::move(device).error();
  }
  auto host = allocate_on_host();
  if (!host) {
    return std::move(host).error();
  }
  return copy_in_turns(device->get(), host->get(), bytes->data(), rounds);
}

}  // namespace tenure::cli::bench

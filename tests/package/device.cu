// SPDX-License-Identifier: Apache-2.0
// The public headers in a CUDA source: read by nvcc, used beside device code.
#include <span>
#include <utility>

#include <tenure/dlpack.hpp>
#include <tenure/pin.hpp>
#include <tenure/tenure.hpp>

namespace {

__global__ void scale(float* elements, std::size_t count, float by) {
  const std::size_t i = blockIdx.x * static_cast<std::size_t>(blockDim.x) + threadIdx.x;
  if (i < count) {
    elements[i] *= by;
  }
}

}  // namespace

/// Doubles the newest `weights` on the device and publishes them.
tenure::Result<std::uint64_t> publish_doubled(tenure::Publisher& publisher,
                                              float* device,
                                              std::size_t count) {
  scale<<<static_cast<unsigned>((count + 255) / 256), 256>>>(device, count, 2.0F);
  auto draft = publisher.draft();
  if (!draft) {
    return std::move(draft).error();
  }
  const auto weights = draft->span<float>("weights");
  if (!weights) {
    return weights.error();
  }
  cudaMemcpy(weights->data(), device, weights->size_bytes(), cudaMemcpyDeviceToHost);
  return publisher.publish(std::move(*draft));
}

/// Copies the newest `weights` to the device by DMA, where the subscriber's memory can be pinned.
tenure::Result<void> copy_newest(tenure::Subscriber& subscriber, float* device) {
  const tenure::Result<tenure::Pin> pinned = tenure::pin(subscriber);
  auto view = subscriber.latest();
  if (!view) {
    return std::move(view).error();
  }
  const auto weights = view->span<float>("weights");
  if (!weights) {
    return weights.error();
  }
  cudaMemcpy(device, weights->data(), weights->size_bytes(), cudaMemcpyHostToDevice);
  return view->release();
}

/// Lends the newest `weights` to another library.
tenure::Result<tenure::DlpackTensor> lend_newest(tenure::Subscriber& subscriber) {
  auto view = subscriber.latest();
  if (!view) {
    return std::move(view).error();
  }
  return tenure::to_dlpack(*view, "weights");
}

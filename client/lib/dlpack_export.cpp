// SPDX-License-Identifier: Apache-2.0
#include <tenure/dlpack.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "client/lib/bundle_access.hpp"
#include "client/lib/dlpack_abi.hpp"
#include "proto/layout/extent.hpp"

namespace tenure {
namespace {

namespace dlpack = detail::dlpack;

// What a consumer is given, and what it points to. Deleted by the consumer, on any thread.
struct Exported {
  dlpack::ManagedTensor managed{};  // First: its address is the export's.
  std::array<std::int64_t, kMaxRank> extents{};
  std::array<std::int64_t, kMaxRank> strides{};
  std::shared_ptr<const void> bytes;  // The hold on the slot, or the snapshot's memory.
};

void delete_exported(::DLManagedTensorVersioned* tensor) {
  delete static_cast<Exported*>(
      dlpack::load<void*>(*tensor, offsetof(dlpack::ManagedTensor, context)));
}

// Without elements no stride is ever used, and those of a sub-byte dtype say nothing: C order.
void fill_strides(const TensorView& tensor, std::array<std::int64_t, kMaxRank>& strides) noexcept {
  const std::size_t rank = tensor.shape().size();
  const auto item_bytes = static_cast<std::int64_t>(bits_of(tensor.dtype()) / 8);
  if (tensor.size_bytes() == 0 || bits_of(tensor.dtype()) % 8 != 0) {
    layout::contiguous_strides(tensor.shape(), DType::uint8, std::span(strides).first(rank));
    return;
  }
  std::ranges::transform(tensor.strides_bytes(), strides.begin(), [&](std::int64_t stride_bytes) {
    return stride_bytes / item_bytes;  // Divisible: checked when the tensor was opened.
  });
}

dlpack::Tensor describe(const TensorView& tensor, Exported& exported) noexcept {
  const auto dtype = static_cast<std::uint32_t>(tensor.dtype());
  std::ranges::copy(tensor.shape(), exported.extents.begin());
  fill_strides(tensor, exported.strides);
  return {.data = tensor.size_bytes() == 0 ? nullptr : const_cast<std::byte*>(tensor.data()),
          .device_type = dlpack::kCpu,
          .device_id = 0,
          .rank = static_cast<std::int32_t>(tensor.shape().size()),
          .code = static_cast<std::uint8_t>(dtype & 0xffU),
          .bits = static_cast<std::uint8_t>((dtype >> 8U) & 0xffU),
          .lanes = static_cast<std::uint16_t>(dtype >> 16U),
          .extents = exported.extents.data(),
          .strides = exported.strides.data(),
          .byte_offset = 0};
}

}  // namespace

void DlpackDelete::operator()(::DLManagedTensorVersioned* tensor) const noexcept {
  using Deleter = void (*)(::DLManagedTensorVersioned*);
  const auto deleter = dlpack::load<Deleter>(*tensor, offsetof(dlpack::ManagedTensor, deleter));
  if (deleter != nullptr) {
    deleter(tensor);
  }
}

Result<DlpackTensor> to_dlpack(const Bundle& bundle, std::string_view name) {
  const auto opened = bundle.tensor(name);
  if (!opened) {
    return opened.error();
  }
  if (bits_of(opened->dtype()) % 8 != 0 && !opened->is_contiguous()) {
    return Error{.code = Errc::corrupt,
                 .detail = "tensor " + std::string(name) + ": strided, of less than a byte"};
  }
  auto exported = std::make_unique<Exported>();
  exported->bytes = detail::BundleAccess::keep_bytes(bundle);
  const bool is_own = detail::BundleAccess::is_own_memory(bundle);
  exported->managed = {.version = dlpack::kVersion,
                       .context = exported.get(),
                       .deleter = &delete_exported,
                       .flags = is_own ? 0 : dlpack::kReadOnly,
                       .tensor = describe(*opened, *exported)};
  return DlpackTensor(reinterpret_cast<::DLManagedTensorVersioned*>(&exported.release()->managed));
}

}  // namespace tenure

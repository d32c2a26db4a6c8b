// SPDX-License-Identifier: Apache-2.0
#include "client/lib/snapshot_buffer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "client/lib/descriptor.hpp"
#include "proto/layout/constants.hpp"
#include "proto/layout/slot_record.hpp"

namespace tenure::detail {
namespace {

// Tensors are as aligned in the copy as in a slot, up to this.
constexpr std::align_val_t kAlign{layout::kTensorAlignBytes};

// The one routine that reads bytes which their writer may be changing. In C++'s terms that is a
// race; what makes it safe is that every byte value is acceptable here, that nothing is decided on
// them before the seqlock's second look, and that memcpy neither writes nor invents addresses.
void copy_bytes_racing(std::byte* to, const std::byte* from, std::size_t size_bytes) noexcept {
  std::memcpy(to, from, size_bytes);
}

bool has_extensions(const BundleSchema& schema, const std::byte* slot) noexcept {
  using Descriptor = layout::TensorDescriptor;
  const std::byte* flags =
      slot + schema.plan.descriptors_offset_bytes + offsetof(Descriptor, flags);
  std::byte all{0};
  for (std::size_t i = 0; i < schema.tensors.size(); ++i) {
    all |= flags[i * sizeof(Descriptor)];
  }
  return (std::to_integer<unsigned>(all) & layout::kExtended) != 0;
}

}  // namespace

void SnapshotBuffer::Free::operator()(std::byte* bytes) const noexcept {
  ::operator delete[](bytes, kAlign);
}

// One exported tensor.
class SnapshotBuffer::Export {
 public:
  explicit Export(std::shared_ptr<SnapshotBuffer> buffer) noexcept : buffer_(std::move(buffer)) {
    // relaxed: the Snapshot is not reused meanwhile. pairs: snapshot.export
    buffer_->exports_.fetch_add(1, std::memory_order_relaxed);
  }
  Export(const Export&) = delete;
  Export& operator=(const Export&) = delete;
  ~Export() {
    // release: what was read and written comes before the memory is reused. pairs: snapshot.export
    buffer_->exports_.fetch_sub(1, std::memory_order_release);
  }

 private:
  std::shared_ptr<SnapshotBuffer> buffer_;
};

std::shared_ptr<const void> SnapshotBuffer::keep(std::shared_ptr<SnapshotBuffer> buffer) {
  return std::make_shared<Export>(std::move(buffer));
}

Result<void> SnapshotBuffer::prepare(std::shared_ptr<SnapshotBuffer>& buffer,
                                     const std::shared_ptr<const BundleSchema>& schema) {
  // acquire: what consumers did with the bytes comes before they change. pairs: snapshot.export
  if (buffer == nullptr || buffer->exports_.load(std::memory_order_acquire) != 0) {
    buffer = std::make_shared<SnapshotBuffer>();
  }
  if (buffer->schema == schema) {
    return {};  // Large enough: it has held this schema before.
  }
  const std::size_t wanted = schema->plan.stride_bytes;
  if (buffer->size_bytes_ < wanted) {
    // Not touched until it is copied to: a large slot that is little used costs little.
    buffer->bytes_.reset(static_cast<std::byte*>(::operator new[](wanted, kAlign, std::nothrow)));
    buffer->size_bytes_ = buffer->bytes_ == nullptr ? 0 : wanted;
    buffer->schema = nullptr;
    if (buffer->bytes_ == nullptr) {
      return Error{.code = Errc::no_memory,
                   .count = wanted,
                   .detail = "a snapshot of " + std::to_string(wanted) + " bytes"};
    }
  }
  buffer->schema = schema;
  return {};
}

void SnapshotBuffer::copy_racing(const std::byte* slot) noexcept {
  const layout::SlotPlan& plan = schema->plan;
  std::byte* copy = bytes_.get();
  copy_bytes_racing(copy, slot, plan.extensions_offset_bytes);
  if (has_extensions(*schema, copy)) {
    copy_bytes_racing(copy + plan.extensions_offset_bytes,
                      slot + plan.extensions_offset_bytes,
                      plan.attributes_offset_bytes - plan.extensions_offset_bytes);
  }
  layout::SlotRecord record;
  std::memcpy(&record, copy, sizeof record);
  const std::size_t attributes = std::min(record.attribute_bytes, schema->attribute_bytes);
  if (attributes != 0) {
    copy_bytes_racing(
        copy + plan.attributes_offset_bytes, slot + plan.attributes_offset_bytes, attributes);
  }
  for (std::size_t i = 0; i < schema->tensors.size(); ++i) {
    // A descriptor that cannot be used is corrupt, or half-written: whoever opens the tensor, or
    // the second look, finds out.
    TensorView view;
    OpenedTensor tensor{.view = view};
    if (open_tensor(*schema, i, copy, plan.stride_bytes, tensor) && tensor.range.is_present) {
      copy_bytes_racing(copy + tensor.range.begin_bytes,
                        slot + tensor.range.begin_bytes,
                        tensor.range.end_bytes - tensor.range.begin_bytes);
    }
  }
}

}  // namespace tenure::detail

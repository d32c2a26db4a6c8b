// SPDX-License-Identifier: Apache-2.0
/// Tensors to and from other libraries without a copy, by DLPack 1.x: NumPy, PyTorch, JAX, CuPy.
#pragma once

#include <memory>
#include <string_view>

#include <tenure/bundle.hpp>

// DLPack's own struct. Whoever looks into one includes DLPack's header or torch's: a second
// definition here would clash with it.
struct DLManagedTensorVersioned;

namespace tenure {

/// Calls a tensor's own deleter, if it has one, as every consumer of DLPack does.
struct DlpackDelete {
  void operator()(::DLManagedTensorVersioned* tensor) const noexcept;
};

/// An exported tensor. `release()` it to hand it on, such as into a Python capsule named
/// "dltensor_versioned". Threads: whatever happens to it, its deletion included, from any one.
using DlpackTensor = std::unique_ptr<::DLManagedTensorVersioned, DlpackDelete>;

/// The tensor called `name`, where it lies, for another library. It keeps its bytes for as long as
/// it lives, whatever becomes of the bundle, the role and the client:
///
/// - Of a View: the slot stays held, so no honest publisher reuses it, and View::release() answers
///   `held`. The tensor says that it is read-only (DLPack's flag), and the memory is: a consumer
///   that ignores the flag is stopped by the kernel.
/// - Of a Snapshot: its memory stays, and is not taken for another snapshot. It is a copy of this
///   process's own, so it is writable; what is written is seen by the Snapshot, too.
///
/// Device kDLCPU, byte offset 0, strides always given. Data is 256-byte aligned where this library
/// published it; a tensor without elements has none. Sub-byte dtypes are packed.
///
/// In a forked child, deleting a tensor that was exported before lets nothing go: the slot is the
/// parent's to hold.
///
/// Errors: not_found, stale, forked, corrupt  those of Bundle::tensor()
[[nodiscard]] Result<DlpackTensor> to_dlpack(const Bundle& bundle, std::string_view name);

/// What another library exported, to publish it by copy. Valid while `tensor` lives; looks at the
/// struct, not at the data. The tensor is left to its owner: it is not deleted here.
///
/// Errors: too_old      a DLPack version after 1.x: this library has to be upgraded
///         unsupported  a DLPack version before 1.0; a device other than kDLCPU and kDLCUDAHost;
///                      padded sub-byte elements
///         bad_request  rank above 8, a bad extent, stride, offset or dtype; data that is missing
///                      or not aligned to its elements; sub-byte elements that are not in C order
[[nodiscard]] Result<TensorView> from_dlpack(const ::DLManagedTensorVersioned& tensor);

}  // namespace tenure

// SPDX-License-Identifier: Apache-2.0
/// The .npy files that `put` reads, and the tensors that they become.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <tenure/client.hpp>

#include "client/cli/context.hpp"
#include "client/cli/npy/npy.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {

/// A file that was read. `bytes` points into `file` or `packed`, which a move leaves in place.
struct PutInput {
  std::string path;
  std::string tensor;  ///< Empty: the segment's only one.
  std::vector<std::byte> file;
  /// The elements in C order, where the file has them in Fortran's.
  std::vector<std::byte> packed = {};
  NpyHeader header = {};
  std::span<const std::byte> bytes = {};
};

/// Throws Refusal where the file cannot be read or is no .npy file.
[[nodiscard]] PutInput read_input(const PutFile& named);

/// The tensors that a topic needs for these files. Throws Refusal where one does not say its dtype.
[[nodiscard]] std::vector<TensorSpec> schema_of(const std::vector<PutInput>& inputs);

/// The tensor of the segment that the file is for. Throws Refusal where there is none.
[[nodiscard]] const TensorSpec& spec_for(const SegmentInfo& info, const PutInput& input);

/// The file as a tensor. Raw elements take the dtype of `spec` where the sizes agree; packed
/// sub-byte elements come as their bytes, and have the whole shape. Throws Refusal where it is
/// none.
[[nodiscard]] TensorView view_for(const TensorSpec& spec, const PutInput& input);

/// The tensors that the files become, which point into `inputs` and `info`. Throws Refusal.
[[nodiscard]] std::vector<NamedTensor> name_tensors(const SegmentInfo& info,
                                                    const std::vector<PutInput>& inputs);

/// What publishing or pushing them has answered. Throws Refusal; where they do not fit (another
/// dtype or rank, more elements than there is room for) it says how to find out what does.
template <class T>
T need_fit(const std::string& name, Result<T>&& done) {
  if (!done && done.error().code == Errc::bad_request && done.error().hint.empty()) {
    Error error = std::move(done).error();
    error.hint = "`tenure inspect " + name + "` shows what it takes";
    throw Refusal(name, std::move(error));
  }
  return need(name, std::move(done));
}

/// Writes the tensors, which `info` has room for, into a buffer. Throws Refusal.
void put_into_buffer(const Context& context,
                     Client& client,
                     const SegmentInfo& info,
                     const std::vector<NamedTensor>& tensors);

}  // namespace tenure::cli

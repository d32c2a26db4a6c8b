// SPDX-License-Identifier: Apache-2.0
#include "client/cli/verbs/put_files.hpp"

#include <algorithm>

#include "client/cli/files.hpp"
#include "client/cli/json_shapes.hpp"
#include "client/cli/text/tensors.hpp"

namespace tenure::cli {
namespace {

// Raw elements ("|V2") say nothing but their size.
[[noreturn]] void refuse_raw(const PutInput& input, const std::string& hint) {
  throw Refusal(input.path,
                {.code = Errc::unsupported,
                 .detail = "raw elements (|V" + std::to_string(input.header.item_bytes) +
                           ") have no dtype of their own",
                 .hint = hint});
}

}  // namespace

PutInput read_input(const PutFile& named) {
  PutInput input{
      .path = named.path, .tensor = named.tensor, .file = need(named.path, read_file(named.path))};
  const NpyArray array = need(named.path, parse_npy(input.file));
  input.header = array.header;
  input.bytes = c_order_bytes(array, input.packed);
  return input;
}

std::vector<TensorSpec> schema_of(const std::vector<PutInput>& inputs) {
  std::vector<TensorSpec> schema;
  for (const PutInput& input : inputs) {
    if (input.header.dtype == DType::any) {
      refuse_raw(input, "create the topic first, as in `tenure create NAME tensor:bfloat16:64x10`");
    }
    schema.push_back({.name = input.tensor.empty() ? "tensor" : input.tensor,
                      .dtype = input.header.dtype,
                      .shape = input.header.shape});
  }
  return schema;
}

const TensorSpec& spec_for(const SegmentInfo& info, const PutInput& input) {
  const std::string kind(name_of(info.kind));
  const std::string hint =
      "TENSOR=FILE names it; the " + kind + " has " + format_schema(info.schema);
  if (input.tensor.empty()) {
    if (info.schema.size() != 1) {
      throw Refusal(info.name,
                    {.code = Errc::bad_request,
                     .detail = input.path + ": the " + kind + " has " +
                               std::to_string(info.schema.size()) + " tensors",
                     .hint = hint});
    }
    return info.schema.front();
  }
  const auto found = std::ranges::find(info.schema, input.tensor, &TensorSpec::name);
  if (found == info.schema.end()) {
    throw Refusal(info.name,
                  {.code = Errc::not_found,
                   .detail = "no tensor \"" + input.tensor + "\" in this " + kind,
                   .hint = hint});
  }
  return *found;
}

TensorView view_for(const TensorSpec& spec, const PutInput& input) {
  const NpyHeader& header = input.header;
  if (header.dtype != DType::any) {
    return need(input.path, TensorView::of_bytes(input.bytes, header.dtype, header.shape));
  }
  const std::uint64_t bits = bits_of(spec.dtype);
  if (bits == 0) {
    refuse_raw(input,
               "the topic leaves the dtype of \"" + spec.name +
                   "\" open: give the elements one in NumPy, as in array.view(\"<u2\")");
  }
  if (bits % 8 != 0 && header.item_bytes == 1 && input.bytes.size() == room_bytes(spec)) {
    return need(input.path, TensorView::of_bytes(input.bytes, spec.dtype, spec.shape));
  }
  if (bits != header.item_bytes * 8) {
    throw Refusal(input.path,
                  {.code = Errc::bad_request,
                   .detail = "raw elements of " + std::to_string(header.item_bytes) +
                             " bytes; tensor \"" + spec.name + "\" is " + format_type(spec),
                   .hint = "`tenure inspect NAME` shows what the topic takes"});
  }
  return need(input.path, TensorView::of_bytes(input.bytes, spec.dtype, header.shape));
}

std::vector<NamedTensor> name_tensors(const SegmentInfo& info,
                                      const std::vector<PutInput>& inputs) {
  std::vector<NamedTensor> tensors;
  tensors.reserve(inputs.size());
  for (const PutInput& input : inputs) {
    const TensorSpec& spec = spec_for(info, input);
    tensors.push_back({.name = spec.name, .tensor = view_for(spec, input)});
  }
  return tensors;
}

}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

#include "client/cli/files.hpp"
#include "client/cli/json_shapes.hpp"
#include "client/cli/npy/npy.hpp"
#include "client/cli/text/tensors.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

// A file that was read. `view` points into `file` or `packed`, which a move leaves in place.
struct Input {
  std::string path;
  std::string tensor;  // Empty: the topic's only one.
  std::vector<std::byte> file;
  std::vector<std::byte> packed =
      {};  // The elements in C order, where the file has them in Fortran's.
  NpyHeader header = {};
  std::span<const std::byte> bytes = {};
};

Input read_input(const PutFile& named) {
  Input input{
      .path = named.path, .tensor = named.tensor, .file = need(named.path, read_file(named.path))};
  const NpyArray array = need(named.path, parse_npy(input.file));
  input.header = array.header;
  input.bytes = c_order_bytes(array, input.packed);
  return input;
}

// Raw elements ("|V2") say nothing but their size.
[[noreturn]] void refuse_raw(const Input& input, const std::string& hint) {
  throw Refusal(input.path,
                {.code = Errc::unsupported,
                 .detail = "raw elements (|V" + std::to_string(input.header.item_bytes) +
                           ") have no dtype of their own",
                 .hint = hint});
}

std::vector<TensorSpec> schema_of(const std::vector<Input>& inputs) {
  std::vector<TensorSpec> schema;
  for (const Input& input : inputs) {
    if (input.header.dtype == DType::any) {
      refuse_raw(input, "create the topic first, as in `tenure create NAME tensor:bfloat16:64x10`");
    }
    schema.push_back({.name = input.tensor.empty() ? "tensor" : input.tensor,
                      .dtype = input.header.dtype,
                      .shape = input.header.shape});
  }
  return schema;
}

Result<void> create(Client& client, const std::string& name, const std::vector<Input>& inputs) {
  TopicOptions options{.schema = schema_of(inputs)};
  options.terms.lifetime = Lifetime::persistent;
  return client.create_topic(name, options);
}

struct Target {
  SegmentInfo info;
  bool is_new = false;
};

// The topic, created if there is none; somebody else may create it meanwhile.
Target find_or_create(Client& client, const std::string& name, const std::vector<Input>& inputs) {
  auto found = client.inspect(name);
  if (found || found.error().code != Errc::not_found) {
    return {.info = need(name, std::move(found)), .is_new = false};
  }
  const Result<void> created = create(client, name, inputs);
  if (!created && created.error().code != Errc::exists) {
    throw Refusal(name, created.error());
  }
  found = client.inspect(name);
  if (!created && !found && found.error().code == Errc::not_found) {
    throw Refusal(name, created.error());  // It is there, and of somebody who does not show it.
  }
  return {.info = need(name, std::move(found)), .is_new = created.has_value()};
}

const TensorSpec& spec_for(const SegmentInfo& info, const Input& input) {
  const std::string hint = "TENSOR=FILE names it; the topic has " + format_schema(info.schema);
  if (input.tensor.empty()) {
    if (info.schema.size() != 1) {
      throw Refusal(info.name,
                    {.code = Errc::bad_request,
                     .detail = input.path + ": the topic has " +
                               std::to_string(info.schema.size()) + " tensors",
                     .hint = hint});
    }
    return info.schema.front();
  }
  const auto found = std::ranges::find(info.schema, input.tensor, &TensorSpec::name);
  if (found == info.schema.end()) {
    throw Refusal(info.name,
                  {.code = Errc::not_found,
                   .detail = "no tensor \"" + input.tensor + "\" in this topic",
                   .hint = hint});
  }
  return *found;
}

// Raw elements take the dtype of the topic where the sizes agree; packed sub-byte elements come as
// their bytes, and have the whole shape.
TensorView view_for(const TensorSpec& spec, const Input& input) {
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

// Another dtype, rank or more elements than the topic has room for.
[[noreturn]] void explain_misfit(const std::string& name, Error error) {
  if (error.hint.empty()) {
    error.hint = "`tenure inspect " + name + "` shows what the topic takes";
  }
  throw Refusal(name, std::move(error));
}

void print(const Context& context,
           const Target& target,
           std::uint64_t version,
           const std::vector<NamedTensor>& tensors,
           std::uint64_t tag) {
  std::uint64_t size_bytes = 0;
  nlohmann::json described = nlohmann::json::array();
  for (const NamedTensor& named : tensors) {
    size_bytes += named.tensor.size_bytes();
    described.push_back(to_json(named.name, named.tensor));
  }
  if (context.wants_json()) {
    context.print_json({{"name", target.info.name},
                        {"created", target.is_new},
                        {"version", version},
                        {"tag", tag},
                        {"tensors", described},
                        {"size_bytes", size_bytes}});
    return;
  }
  context.print(printable(target.info.name) + ": v" + std::to_string(version) + ", " +
                std::to_string(tensors.size()) +
                (tensors.size() == 1 ? " tensor, " : " tensors, ") + format_bytes(size_bytes) +
                "\n");
}

}  // namespace

// Every file is read and checked before the broker is asked for anything.
int run_verb(const Context& context, const PutOptions& options) {
  std::vector<Input> inputs;
  for (const PutFile& file : options.files) {
    inputs.push_back(read_input(file));
  }
  Client client = context.connect();
  const Target target = find_or_create(client, options.name, inputs);
  std::vector<NamedTensor> tensors;
  tensors.reserve(inputs.size());
  for (const Input& input : inputs) {
    const TensorSpec& spec = spec_for(target.info, input);
    tensors.push_back({.name = spec.name, .tensor = view_for(spec, input)});
  }
  Publisher publisher =
      need(options.name, client.publisher(options.name, {.timeout = context.remaining()}));
  auto version = publisher.publish(tensors, {.tag = options.tag}, context.remaining());
  if (!version && version.error().code == Errc::bad_request) {
    explain_misfit(options.name, std::move(version).error());
  }
  print(context, target, need(options.name, std::move(version)), tensors, options.tag);
  return 0;
}

}  // namespace tenure::cli

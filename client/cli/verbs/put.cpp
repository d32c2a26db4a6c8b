// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/verbs/put_files.hpp"

namespace tenure::cli {
namespace {

Result<void> create(Client& client, const std::string& name, const std::vector<PutInput>& inputs) {
  TopicOptions options{.schema = schema_of(inputs)};
  options.terms.lifetime = Lifetime::persistent;
  return client.create_topic(name, options);
}

struct Target {
  SegmentInfo info;
  bool is_new = false;
};

// The segment, a topic created if there is none; somebody else may create it meanwhile.
Target find_or_create(Client& client,
                      const std::string& name,
                      const std::vector<PutInput>& inputs) {
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

// Another dtype, rank or more elements than the topic has room for.
[[noreturn]] void explain_misfit(const std::string& name, Error error) {
  if (error.hint.empty()) {
    error.hint = "`tenure inspect " + name + "` shows what the topic takes";
  }
  throw Refusal(name, std::move(error));
}

void print(const Context& context,
           const Target& target,
           std::optional<std::uint64_t> version,  // None: a buffer.
           const std::vector<NamedTensor>& tensors,
           std::uint64_t tag) {
  std::uint64_t size_bytes = 0;
  nlohmann::json described = nlohmann::json::array();
  for (const NamedTensor& named : tensors) {
    size_bytes += named.tensor.size_bytes();
    described.push_back(to_json(named.name, named.tensor));
  }
  if (context.wants_json()) {
    nlohmann::json out = {{"name", target.info.name},
                          {"created", target.is_new},
                          {"tag", tag},
                          {"tensors", described},
                          {"size_bytes", size_bytes}};
    out["version"] = version ? nlohmann::json(*version) : nlohmann::json();
    context.print_json(out);
    return;
  }
  context.print(
      printable(target.info.name) + ": " + (version ? "v" + std::to_string(*version) + ", " : "") +
      std::to_string(tensors.size()) + (tensors.size() == 1 ? " tensor, " : " tensors, ") +
      format_bytes(size_bytes) + "\n");
}

std::uint64_t publish(const Context& context,
                      Client& client,
                      const PutOptions& options,
                      const std::vector<NamedTensor>& tensors) {
  Publisher publisher =
      need(options.name, client.publisher(options.name, {.timeout = context.remaining()}));
  auto version = publisher.publish(tensors, {.tag = options.tag}, context.remaining());
  if (!version && version.error().code == Errc::bad_request) {
    explain_misfit(options.name, std::move(version).error());
  }
  return need(options.name, std::move(version));
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

}  // namespace

// Every file is read and checked before the broker is asked for anything.
int run_verb(const Context& context, const PutOptions& options) {
  std::vector<PutInput> inputs;
  for (const PutFile& file : options.files) {
    inputs.push_back(read_input(file));
  }
  Client client = context.connect();
  const Target target = find_or_create(client, options.name, inputs);
  const std::vector<NamedTensor> tensors = name_tensors(target.info, inputs);
  std::optional<std::uint64_t> version;
  if (target.info.kind == Kind::buffer) {
    if (options.tag != 0) {
      throw UsageError("--tag travels with a bundle; " + options.name + " is a buffer",
                       "leave it out");
    }
    put_into_buffer(context, client, target.info, tensors);
  } else {
    version = publish(context, client, options, tensors);
  }
  print(context, target, version, tensors, options.tag);
  return 0;
}

}  // namespace tenure::cli

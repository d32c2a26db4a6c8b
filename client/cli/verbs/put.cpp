// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/bundles.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/verbs/put_files.hpp"
#include "client/cli/verbs/queue_parts.hpp"

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

void print(const Context& context,
           const Target& target,
           std::optional<std::uint64_t> version,  // None: a buffer.
           const std::vector<NamedTensor>& tensors,
           std::uint64_t tag) {
  if (context.wants_json()) {
    nlohmann::json out = {{"name", target.info.name},
                          {"created", target.is_new},
                          {"tag", tag},
                          {"tensors", to_json(std::span<const NamedTensor>(tensors))},
                          {"size_bytes", size_bytes(tensors)}};
    out["version"] = version ? nlohmann::json(*version) : nlohmann::json();
    context.print_json(out);
    return;
  }
  context.print(printable(target.info.name) + ": " +
                (version ? "v" + std::to_string(*version) + ", " : "") + count_tensors(tensors) +
                ", " + format_bytes(size_bytes(tensors)) + "\n");
}

std::uint64_t publish(const Context& context,
                      Client& client,
                      const PutOptions& options,
                      const std::vector<NamedTensor>& tensors) {
  Publisher publisher =
      need(options.name, client.publisher(options.name, {.timeout = context.remaining()}));
  return need_fit(options.name,
                  publisher.publish(tensors, {.tag = options.tag}, context.patience()));
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
  if (target.info.kind == Kind::queue) {
    throw other_kind(target.info);
  }
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

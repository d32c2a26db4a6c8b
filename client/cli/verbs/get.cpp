// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <optional>

#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/tensors.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/verbs/get_files.hpp"

namespace tenure::cli {
namespace {

using namespace std::chrono_literals;

// An observer cannot be rung: it looks, at this pace.
constexpr std::chrono::milliseconds kLookEvery = 10ms;

// The newest bundle, copied: whoever reads it hinders nobody, and the right to read is enough.
Snapshot read_newest(const Context& context, Client& client, const std::string& name) {
  Subscriber subscriber = need_segment(
      client,
      name,
      client.subscriber(name, {.access = Access::observe, .timeout = context.remaining()}));
  for (;;) {
    auto snapshot = subscriber.snapshot();
    if (snapshot) {
      return *std::move(snapshot);
    }
    const Error& error = snapshot.error();
    if (error.code == Errc::superseded) {
      need(name, subscriber.reopen(context.remaining()));
      continue;
    }
    const bool may_change = error.code == Errc::empty || error.code == Errc::torn;
    if (!may_change || !context.remaining().waits()) {
      throw Refusal(name, error);
    }
    ::poll(nullptr, 0, static_cast<int>(kLookEvery.count()));
  }
}

// A bundle's tensors that are there, or the one that was asked for.
GotTensors choose(const GetOptions& options, const Snapshot& snapshot) {
  GotTensors chosen;
  for (const TensorSpec& spec : snapshot.schema()) {
    if (!options.tensor.empty() && spec.name != options.tensor) {
      continue;
    }
    auto tensor = snapshot.tensor(spec.name);
    if (tensor) {
      chosen.emplace_back(spec.name, *tensor);
    } else if (tensor.error().code != Errc::not_found) {
      throw Refusal(options.name, tensor.error());
    }
  }
  if (chosen.empty()) {
    const std::string which =
        options.tensor.empty() ? "no tensor is" : "tensor \"" + options.tensor + "\" is not";
    throw Refusal(options.name,
                  {.code = Errc::not_found,
                   .detail = which + " in v" + std::to_string(snapshot.version()),
                   .hint = "the topic has " + format_schema(snapshot.schema())});
  }
  return chosen;
}

// What was read; `version` and `tag` are a topic's.
nlohmann::json write_files(const Context& context,
                           const GetOptions& options,
                           const GotTensors& tensors,
                           std::optional<std::uint64_t> version) {
  const auto paths = paths_for(options, tensors);
  nlohmann::json files = nlohmann::json::array();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, tensor] = tensors[i];
    write_tensor(paths[i], tensor);
    files.push_back(to_json(name, tensor));
    files.back()["file"] = paths[i];
    if (!context.wants_json() && options.output != "-") {
      context.print(printable(paths[i]) + ": " +
                    (version ? "v" + std::to_string(*version) + ", " : "") + printable(name) + " " +
                    to_string(tensor.dtype()) + format_shape(tensor.shape()) + ", " +
                    format_bytes(tensor.size_bytes()) + "\n");
    }
  }
  return files;
}

nlohmann::json get_from_topic(const Context& context, Client& client, const GetOptions& options) {
  const Snapshot snapshot = read_newest(context, client, options.name);
  nlohmann::json out = {{"version", snapshot.version()}, {"tag", snapshot.note().tag}};
  out["files"] = write_files(context, options, choose(options, snapshot), snapshot.version());
  return out;
}

nlohmann::json get_from_buffer(const Context& context, Client& client, const GetOptions& options) {
  const FrozenTensors frozen = freeze_tensors(context, client, options);
  nlohmann::json out = {{"version", nlohmann::json()}, {"tag", nlohmann::json()}};
  out["files"] = write_files(context, options, frozen.tensors, {});
  return out;
}

// Otherwise the topic is opened, which says what is wrong, or waits for the name.
bool is_buffer(Client& client, const std::string& name) {
  const auto info = client.inspect(name);
  return info && info->kind == Kind::buffer;
}

}  // namespace

int run_verb(const Context& context, const GetOptions& options) {
  if (options.output == "-" && context.wants_json()) {
    throw UsageError("-o - and --json both want standard output", "choose one of them");
  }
  Client client = context.connect();
  context.await_name(client, options.name);
  nlohmann::json out = is_buffer(client, options.name) ? get_from_buffer(context, client, options)
                                                       : get_from_topic(context, client, options);
  out["name"] = options.name;
  if (context.wants_json()) {
    context.print_json(out);
  }
  return 0;
}

}  // namespace tenure::cli

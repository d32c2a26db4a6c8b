// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <nlohmann/json.hpp>

#include "client/cli/verbs/get_files.hpp"
#include "client/cli/verbs/queue_parts.hpp"

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

nlohmann::json get_from_topic(const Context& context, Client& client, const GetOptions& options) {
  const Snapshot snapshot = read_newest(context, client, options.name);
  const std::string version = "v" + std::to_string(snapshot.version());
  nlohmann::json out = {{"version", snapshot.version()}, {"tag", snapshot.note().tag}};
  out["files"] = write_files(context, options, choose_tensors(options, snapshot, version), version);
  return out;
}

nlohmann::json get_from_buffer(const Context& context, Client& client, const GetOptions& options) {
  const FrozenTensors frozen = freeze_tensors(context, client, options);
  nlohmann::json out = {{"version", nlohmann::json()}, {"tag", nlohmann::json()}};
  out["files"] = write_files(context, options, frozen.tensors, "");
  return out;
}

// Where it cannot be seen the topic is opened, which says what is wrong, or waits for the name.
Kind kind_of(Client& client, const std::string& name) {
  const auto info = client.inspect(name);
  if (info && info->kind == Kind::queue) {
    throw other_kind(*info);
  }
  return info ? info->kind : Kind::topic;
}

}  // namespace

int run_verb(const Context& context, const GetOptions& options) {
  need_one_output(context, options.output);
  Client client = context.connect();
  context.await_name(client, options.name);
  nlohmann::json out = kind_of(client, options.name) == Kind::buffer
                           ? get_from_buffer(context, client, options)
                           : get_from_topic(context, client, options);
  out["name"] = options.name;
  if (context.wants_json()) {
    context.print_json(out);
  }
  return 0;
}

}  // namespace tenure::cli

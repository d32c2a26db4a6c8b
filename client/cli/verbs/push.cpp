// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/bundles.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/verbs/put_files.hpp"
#include "client/cli/verbs/queue_parts.hpp"

namespace tenure::cli {
namespace {

// That they do not fit is no matter of the lane.
void push(const Context& context,
          Producer& producer,
          const PushOptions& options,
          const std::vector<NamedTensor>& tensors) {
  auto pushed = producer.push(tensors, {.tag = options.tag}, context.patience());
  if (!pushed && pushed.error().code != Errc::bad_request) {
    Error error = std::move(pushed).error();
    if (error.code == Errc::finished) {
      error.hint = "it stays so: `tenure rm " + options.name + "`, then create it anew";
    }
    throw queue_refusal(options.name, options.lane, std::move(error));
  }
  need_fit(options.name, std::move(pushed));
}

void print(const Context& context,
           const PushOptions& options,
           const std::vector<NamedTensor>& tensors) {
  if (context.wants_json()) {
    context.print_json({{"name", options.name},
                        {"lane", options.lane},
                        {"tag", options.tag},
                        {"tensors", to_json(std::span<const NamedTensor>(tensors))},
                        {"size_bytes", size_bytes(tensors)},
                        {"finished", options.finishes}});
    return;
  }
  const std::string name = printable(options.name) + ": ";
  if (!options.files.empty()) {
    context.print(name + format_lane(options.lane) + ", " + count_tensors(tensors) + ", " +
                  format_bytes(size_bytes(tensors)) + "\n");
  }
  if (options.finishes) {
    context.print(name + "finished\n");
  }
}

}  // namespace

// Every file is read and checked before the broker is asked for anything.
int run_verb(const Context& context, const PushOptions& options) {
  std::vector<PutInput> inputs;
  for (const PutFile& file : options.files) {
    inputs.push_back(read_input(file));
  }
  Client client = context.connect();
  const SegmentInfo info = need_queue(context, client, options.name);
  const std::vector<NamedTensor> tensors = name_tensors(info, inputs);
  Producer producer =
      need(options.name,
           client.producer(options.name, {.lane = options.lane, .timeout = context.remaining()}));
  if (!tensors.empty()) {
    push(context, producer, options, tensors);
  }
  if (options.finishes) {
    need(options.name, producer.finish());
  }
  print(context, options, tensors);
  return 0;
}

}  // namespace tenure::cli

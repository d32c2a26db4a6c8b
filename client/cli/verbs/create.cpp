// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/regions.hpp"
#include "client/cli/text/tensors.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

Result<void> create(Client& client, const std::string& name, const TopicOptions& topic) {
  return client.create_topic(name, topic);
}
Result<void> create(Client& client, const std::string& name, const QueueOptions& queue) {
  return client.create_queue(name, queue);
}
Result<void> create(Client& client, const std::string& name, const BufferOptions& buffer) {
  return client.create_buffer(name, buffer);
}

// A view needs a slot beside the newest and the one being filled.
std::string views_text(std::size_t slots) {
  if (slots < 3) {
    return "snapshots only";
  }
  const std::size_t views = slots - 2;
  return std::to_string(views) + (views == 1 ? " view at once" : " views at once");
}

std::string slots_text(const SegmentInfo& info) {
  return std::to_string(info.slots) + (info.slots == 1 ? " slot of " : " slots of ") +
         format_bytes(room_bytes(info.schema)) + ", ";
}

std::string reserved_text(const SegmentInfo& info) {
  return format_bytes(info.size_bytes) + " reserved";
}

std::string queue_text(const SegmentInfo& info) {
  std::string text = slots_text(info) + std::to_string(info.lanes.size()) +
                     (info.lanes.size() == 1 ? " lane, " : " lanes, ") + reserved_text(info);
  if (info.consume != Consume::read) {
    text += ", " + std::string(name_of(info.consume));
  }
  if (info.when_full != WhenFull::wait) {
    text += ", " + std::string(name_of(info.when_full));
  }
  return info.finished ? text + ", finished" : text;  // One that was there.
}

std::string text(const SegmentInfo& info) {
  switch (info.kind) {
    case Kind::topic:
      return slots_text(info) + reserved_text(info) + ", " + views_text(info.slots);
    case Kind::queue:
      return queue_text(info);
    case Kind::buffer:
      return format_grains(info.size_bytes, info.grain_bytes);
  }
  return "";
}

}  // namespace

int run_verb(const Context& context, const CreateOptions& options) {
  Client client = context.connect();
  need(options.name,
       std::visit([&](const auto& what) { return create(client, options.name, what); },
                  options.what));
  const SegmentInfo info = need(options.name, client.inspect(options.name));
  if (context.wants_json()) {
    context.print_json(to_json(info));
    return 0;
  }
  context.print(printable(info.name) + ": " + std::string(name_of(info.kind)) + ", " + text(info) +
                "\n");
  return 0;
}

}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "client/cli/json_shapes.hpp"
#include "client/cli/text/bundles.hpp"
#include "client/cli/text/units.hpp"
#include "client/cli/verbs/queue_parts.hpp"
#include "client/cli/verbs/verbs.hpp"

namespace tenure::cli {
namespace {

using What = ParkedOptions::What;

// The bundles that were parked at the start, oldest first, one after the other: each that is looked
// at is parked again behind the rest, so that after all of them their order is as before. Killed
// meanwhile, this process leaves the one that it has to the broker, which parks it.
class ParkedBundles {
 public:
  ParkedBundles(std::string name, Consumer consumer, std::size_t count)
      : name_(std::move(name)), consumer_(std::move(consumer)), left_(count) {}

  // Nothing where there are no more, or others have them.
  std::optional<Item> take() {
    if (left_ == 0) {
      return std::nullopt;
    }
    --left_;
    auto item = consumer_.pop(kNoWait);
    if (!item && (item.error().code == Errc::empty || item.error().code == Errc::finished)) {
      return std::nullopt;
    }
    return need_of_lane(name_, kParked, std::move(item));
  }

 private:
  std::string name_;
  Consumer consumer_;
  std::size_t left_;
};

const char* state(const Item& item) {
  return item.poisoned() ? "poisoned" : "parked";
}

nlohmann::json json(const Item& item, std::span<const NamedTensor> tensors) {
  return {{"deliveries", item.deliveries()},
          {"poisoned", item.poisoned()},
          {"tag", item.note().tag},
          {"size_bytes", size_bytes(tensors)},
          {"tensors", to_json(tensors)}};
}

void show(const Context& context, const ParkedOptions& options, ParkedBundles bundles) {
  nlohmann::json out = {{"name", options.name}, {"parked", nlohmann::json::array()}};
  Table table({{"#", Align::right},
               {"DELIVERIES", Align::right},
               {.title = "TENSORS", .shrinks_to = 12},
               {"SIZE", Align::right},
               {"TAG", Align::right},
               {"STATE"}});
  std::size_t count = 0;
  for (auto item = bundles.take(); item; item = bundles.take()) {
    const auto tensors = tensors_of(*item);
    out["parked"].push_back(json(*item, tensors));
    table.add({std::to_string(++count),
               std::to_string(item->deliveries()),
               format_tensors(tensors),
               format_bytes(size_bytes(tensors)),
               std::to_string(item->note().tag),
               state(*item)});
    need(options.name, item->park());
  }
  if (context.wants_json()) {
    context.print_json(out);
  } else {
    context.print(count == 0 ? "nothing is parked\n" : table.text(context.style()));
  }
}

// What became of how many.
struct Settled {
  std::size_t done = 0;
  std::size_t poisoned = 0;  // Left where they are: they are not delivered.
};

Settled settle(const ParkedOptions& options, ParkedBundles bundles) {
  Settled settled;
  while (!options.count || settled.done < *options.count) {
    auto item = bundles.take();
    if (!item) {
      break;
    }
    if (options.what == What::requeue && item->poisoned()) {
      ++settled.poisoned;
      need(options.name, item->park());
      continue;
    }
    need_of_lane(options.name, kParked, options.what == What::drop ? item->ack() : item->nack());
    ++settled.done;
  }
  return settled;
}

void print(const Context& context, const ParkedOptions& options, const Settled& settled) {
  const std::string done = options.what == What::drop ? "dropped" : "requeued";
  if (context.wants_json()) {
    context.print_json(
        {{"name", options.name}, {done, settled.done}, {"poisoned", settled.poisoned}});
    return;
  }
  context.print(
      printable(options.name) + ": " + std::to_string(settled.done) + " " + done +
      (settled.poisoned == 0 ? "" : ", " + std::to_string(settled.poisoned) + " poisoned left") +
      "\n");
}

}  // namespace

int run_verb(const Context& context, const ParkedOptions& options) {
  Client client = context.connect();
  const SegmentInfo info = need_queue(context, client, options.name);
  ParkedBundles bundles(options.name,
                        need(options.name, client.consumer(options.name, {.lane = kParked})),
                        info.parked);
  if (options.what == What::show) {
    show(context, options, std::move(bundles));
    return 0;
  }
  if (options.what == What::requeue && info.finished && info.parked != 0) {
    throw Refusal(
        options.name,
        {.code = Errc::finished,
         .detail = "the queue has ended, and delivers none of its " + std::to_string(info.parked) +
                   " parked",
         .hint = "`tenure pop " + options.name + " --lane parked -o DIR/` writes one to " +
                 "files, `tenure parked " + options.name + " --drop all` frees all"});
  }
  const Settled settled = settle(options, std::move(bundles));
  if (settled.done == 0 && settled.poisoned != 0) {
    throw Refusal(options.name,
                  {.code = Errc::poisoned,
                   .detail = std::to_string(settled.poisoned) +
                             " parked, half-changed by consumers that died: not delivered",
                   .hint = "`tenure parked " + options.name + " --drop all` frees their slots"});
  }
  print(context, options, settled);
  return 0;
}

}  // namespace tenure::cli

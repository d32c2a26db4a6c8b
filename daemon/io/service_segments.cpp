// SPDX-License-Identifier: Apache-2.0
// Segments: made, removed, and their memory given back.
#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "daemon/io/clocks.hpp"
#include "daemon/io/log_text.hpp"
#include "daemon/io/schema_fd.hpp"
#include "daemon/io/service.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::io {
namespace {

constexpr std::uint32_t kDefaultLagLimitMs = 10'000;
// Between two looks at memory that somebody keeps.
constexpr std::chrono::milliseconds kFirstPause{20};
constexpr std::chrono::milliseconds kLastPause{60'000};

std::uint32_t lag_limit_ms(const TopicOptions& options) {
  if (options.retention != Retention::lossless) {
    return 0;
  }
  return options.lag_limit ? static_cast<std::uint32_t>(options.lag_limit->count())
                           : kDefaultLagLimitMs;
}

shm::TopicSpec spec_of(const core::Segment& segment) {
  const TopicOptions& options = segment.options;
  return {.name = segment.name,
          .segment_id = segment.memory.segment,
          .incarnation = segment.memory.incarnation,
          .slots = static_cast<std::uint32_t>(options.slots),
          .subscribers = static_cast<std::uint32_t>(options.subscribers),
          .slot_stride_bytes = segment.shape.slot_stride_bytes,
          .head_bytes = segment.shape.head_bytes,
          .bell_bytes = segment.shape.bell_bytes,
          .data_bytes = segment.shape.data_bytes,
          .retention = options.retention,
          .lag_limit_ms = lag_limit_ms(options),
          .tensor_count = static_cast<std::uint32_t>(options.schema.size()),
          .attribute_bytes = static_cast<std::uint32_t>(options.attribute_bytes),
          .pages = segment.terms.pages};
}

shm::QueueSpec queue_spec_of(const core::Segment& segment) {
  const QueueOptions& options = segment.queue->options();
  const core::QueueShape& shape = segment.queue->shape();
  return {.name = segment.name,
          .segment_id = segment.memory.segment,
          .incarnation = segment.memory.incarnation,
          .rules = core::rules_of(options),
          .slot_stride_bytes = shape.slot_stride_bytes,
          .head_bytes = shape.head_bytes,
          .data_bytes = shape.data_bytes,
          .when_full = options.when_full,
          .consume = options.consume,
          .tensor_count = static_cast<std::uint32_t>(options.schema.size()),
          .attribute_bytes = static_cast<std::uint32_t>(options.attribute_bytes),
          .pages = segment.terms.pages};
}

shm::BufferSpec buffer_spec_of(const core::Segment& segment) {
  const core::BufferShape& shape = segment.buffer->shape();
  return {.name = segment.name,
          .size_bytes = shape.size_bytes,
          .grain_bytes = shape.grain_bytes,
          .pages = segment.terms.pages};
}

std::string schema_text(const core::Segment& segment) {
  if (segment.buffer) {
    return wire::encode_schema(std::span<const FixedTensor>(segment.buffer->options().schema));
  }
  return wire::encode_schema(std::span<const TensorSpec>(
      segment.queue ? segment.queue->options().schema : segment.options.schema));
}

// Leaves `fd` alone where the text is empty: it fits a packet.
Result<void> write_large_schema(const std::string& text, shm::SharedFd& fd) {
  if (!text.empty()) {
    auto written = write_schema(text);
    if (!written) {
      return written.error();
    }
    fd = *std::move(written);
  }
  return {};
}

void put_schema(core::Declaration& declaration, std::vector<FixedTensor> schema) {
  if (auto* buffer = std::get_if<BufferOptions>(&declaration.options)) {
    buffer->schema = std::move(schema);
    return;
  }
  auto* const queue = std::get_if<QueueOptions>(&declaration.options);
  auto& specs = queue ? queue->schema : std::get<TopicOptions>(declaration.options).schema;
  for (FixedTensor& tensor : schema) {
    specs.push_back(std::move(tensor.spec));
  }
}

wire::Created created(const core::Segment& segment, bool existed) {
  return {.id = segment.memory.segment,
          .incarnation = segment.memory.incarnation,
          .size_bytes = segment.size_bytes(),
          .slot_bytes = segment.slot_stride_bytes(),
          .existed = existed};
}

}  // namespace

void Service::create(core::Asker asker, core::Declaration declaration, SentSchema schema) {
  const std::string name = declaration.name;
  if (schema) {
    if (!*schema) {
      refuse_named(asker, name, schema->error());
      return;
    }
    put_schema(declaration, **std::move(schema));
  }
  visit_graves();  // What they give back may be what this one needs.
  const auto declared = registry_.declare(asker, std::move(declaration));
  if (!declared) {
    refuse_named(asker, name, declared.error());
    return;
  }
  const core::Segment& segment = *declared->segment;
  if (!declared->existed) {
    make_memory(segment);
  } else if (segment.state == core::Segment::State::ready) {
    reply(asker.session, asker.request, created(segment, true));
  }
}

void Service::make_memory(const core::Segment& segment) {
  const std::string schema = segment.schema_bytes() == 0 ? "" : schema_text(segment);
  const auto make = [&]<class Memory>(auto spec, std::shared_ptr<Memory> Live::* member) {
    run_slowly(
        [spec = std::move(spec), schema, member]() mutable -> Result<Live> {
          if (auto written = write_large_schema(schema, spec.schema); !written) {
            return written.error();
          }
          auto made = Memory::make(std::move(spec));
          if (!made) {
            return made.error();
          }
          Live live;
          live.*member = *std::move(made);
          return live;
        },
        [this, id = segment.memory.segment](auto made) { finish_create(id, std::move(made)); });
  };
  if (segment.buffer) {
    make(buffer_spec_of(segment), &Live::buffer);
  } else if (segment.queue) {
    make(queue_spec_of(segment), &Live::queue);
  } else {
    make(spec_of(segment), &Live::memory);
  }
}

void Service::finish_create(std::uint64_t id, Result<Live> made) {
  registry_.set_now(monotonic_now());
  const core::Segment& segment = *registry_.find_by_id(id);
  wire::Created answer = created(segment, false);
  if (made) {
    log_->info("segment_created name={} id={} uid={} bytes={}",
               segment.name,
               id,
               segment.uid,
               answer.size_bytes);
    Live& live = memories_[segment.memory] = std::move(*made);
    if (live.buffer != nullptr) {
      live.grains = std::make_unique<LiveGrains>(live.buffer);
      segment.buffer->grains().set_memory(*live.grains);
    }
  } else {
    log_->warn("segment_refused name={} uid={} error={}",
               segment.name,
               segment.uid,
               quoted(made.error().message()));
  }
  const std::string name = segment.name;  // A segment that could not be made is forgotten.
  for (const core::Asker& asker : registry_.complete(id, made.has_value())) {
    if (made) {
      reply(asker.session, asker.request, answer);
      answer.existed = true;  // For those who declared it meanwhile.
    } else {
      refuse_named(asker, name, made.error());
    }
  }
  carry_out();
}

void Service::remove(core::Asker asker, const wire::Remove& request) {
  if (auto removed = registry_.remove(asker.session, request.name); !removed) {
    refuse_named(asker, request.name, removed.error());
    return;
  }
  log_->info("segment_removed name={} session={}", request.name, asker.session);
  reply(asker.session, asker.request, wire::Done{});
}

void Service::release(const core::Released& released) {
  const auto found = memories_.find(released.id);
  if (found == memories_.end()) {
    return;
  }
  Live live = std::move(found->second);
  memories_.erase(found);
  if (live.buffer != nullptr) {
    retire({.id = released.id,
            .memory = std::move(live.buffer),
            .writers = released.writers,
            .keeper = released.writer_uid});
    return;
  }
  Grave grave{.id = released.id,
              .memory = std::move(live.memory),
              .writers = std::move(live.writers),
              .keeper = live.writer_uid};
  if (live.queue != nullptr) {
    grave.memory = std::move(live.queue);
  }
  retire(std::move(grave));
}

void Service::retire(Grave grave) {
  run_slowly(
      [grave = std::move(grave)]() mutable {
        grave.left = grave.memory->retire();
        if (grave.left == shm::Writers::none) {
          grave.memory.reset();  // The last close takes long, too.
        }
        return std::move(grave);
      },
      [this](Grave visited) {
        if (is_free(visited)) {
          registry_.free_memory(visited.id);
          log_->debug(
              "memory_freed id={} incarnation={}", visited.id.segment, visited.id.incarnation);
          return;
        }
        charge_keeper(visited);
        log_->info("memory_kept id={} incarnation={} uid={}",
                   visited.id.segment,
                   visited.id.incarnation,
                   visited.keeper.value_or(0));
        graves_.push_back(std::move(visited));
        visit_pause_ = kFirstPause;
        visit_graves_later();
      });
}

// Where the kernel cannot say who writes, the death of all who were granted it must do.
bool Service::is_free(Grave& grave) {
  forget_dead(grave.writers);
  return grave.left == shm::Writers::none ||
         (grave.left == shm::Writers::unknown && grave.writers.empty());
}

// Into a queue many may write, and nobody knows who of them keeps it: none whose sessions have all
// ended, while somebody else's has not.
void Service::charge_keeper(Grave& grave) {
  if (!grave.keeper) {
    return;
  }
  const auto uid_of = [this](std::uint32_t session) { return registry_.peer(session).uid; };
  if (!grave.writers.empty() &&
      std::ranges::find(grave.writers, *grave.keeper, uid_of) == grave.writers.end()) {
    grave.keeper = uid_of(*grave.writers.begin());
  }
  registry_.keep_memory(grave.id, *grave.keeper);
}

void Service::visit_graves() {
  for (Grave& grave : std::exchange(graves_, {})) {
    grave.left = grave.memory->writers();
    if (is_free(grave)) {
      retire(std::move(grave));
    } else {
      charge_keeper(grave);
      graves_.push_back(std::move(grave));
    }
  }
  visit_graves_later();
}

// The end of a session is an occasion to look; but who could write the memory need not have one,
// and the kernel closes descriptors that were on their way a little after their receiver's death.
// Without graves there is no timer.
void Service::visit_graves_later() {
  if (graves_.empty()) {
    next_visit_.cancel();
    return;
  }
  next_visit_.expires_after(visit_pause_);
  next_visit_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      visit_pause_ = std::min(2 * visit_pause_, kLastPause);
      visit_graves();
    }
  });
}

}  // namespace tenure::io

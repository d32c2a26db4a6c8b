// SPDX-License-Identifier: Apache-2.0
// Segments: made, removed, and their memory given back.
#include <optional>
#include <utility>

#include "daemon/io/log_text.hpp"
#include "daemon/io/schema_fd.hpp"
#include "daemon/io/service.hpp"

namespace tenure::io {
namespace {

constexpr std::uint32_t kDefaultLagLimitMs = 10'000;

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
          .pages = options.terms.pages};
}

wire::Created created(const core::Segment& segment, bool existed) {
  return {.id = segment.memory.segment,
          .incarnation = segment.memory.incarnation,
          .size_bytes = segment.shape.total_bytes(),
          .slot_bytes = segment.shape.slot_stride_bytes,
          .existed = existed};
}

}  // namespace

void Service::create(core::Asker asker, wire::CreateTopic request, SentSchema schema) {
  if (schema) {
    if (!*schema) {
      refuse_named(asker, request.name, schema->error());
      return;
    }
    request.options.schema = std::move(**schema);
  }
  visit_graves();  // What they give back may be what this one needs.
  const auto declared = registry_.declare(asker, request);
  if (!declared) {
    refuse_named(asker, request.name, declared.error());
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
  using Made = Result<std::shared_ptr<shm::TopicMemory>>;
  std::optional<std::vector<TensorSpec>> large_schema;
  if (segment.shape.schema_bytes != 0) {
    large_schema = segment.options.schema;
  }
  run_slowly(
      [spec = spec_of(segment), large_schema = std::move(large_schema)]() mutable -> Made {
        if (large_schema) {
          auto written = write_schema(*large_schema);
          if (!written) {
            return written.error();
          }
          spec.schema = *std::move(written);
        }
        return shm::TopicMemory::make(spec);
      },
      [this, id = segment.memory.segment](auto made) { finish_create(id, std::move(made)); });
}

void Service::finish_create(std::uint64_t id, Result<std::shared_ptr<shm::TopicMemory>> made) {
  const core::Segment& segment = *registry_.find_by_id(id);
  wire::Created answer = created(segment, false);
  if (made) {
    log_->info("segment_created name={} id={} uid={} bytes={}",
               segment.name,
               id,
               segment.uid,
               answer.size_bytes);
    memories_[segment.memory] = {.memory = std::move(*made)};
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

void Service::release(core::MemoryId id) {
  const auto found = memories_.find(id);
  if (found == memories_.end()) {
    return;
  }
  Grave grave{.id = id, .live = std::move(found->second)};
  memories_.erase(found);
  retire(std::move(grave));
}

void Service::retire(Grave grave) {
  run_slowly(
      [grave = std::move(grave)]() mutable {
        grave.left = grave.live.memory->retire();
        if (grave.left == shm::Writers::none) {
          grave.live.memory.reset();  // The last close takes long, too.
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
        registry_.keep_memory(visited.id, visited.live.writer_uid);
        log_->info("memory_kept id={} incarnation={} uid={}",
                   visited.id.segment,
                   visited.id.incarnation,
                   visited.live.writer_uid);
        graves_.push_back(std::move(visited));
      });
}

// Where the kernel cannot say who writes, the death of all who were granted it must do.
bool Service::is_free(Grave& grave) {
  std::erase_if(grave.live.writers,
                [&](std::uint32_t session) { return registry_.peer(session).session == 0; });
  return grave.left == shm::Writers::none ||
         (grave.left == shm::Writers::unknown && grave.live.writers.empty());
}

void Service::visit_graves() {
  for (Grave& grave : std::exchange(graves_, {})) {
    grave.left = grave.live.memory->writers();
    if (is_free(grave)) {
      retire(std::move(grave));
    } else {
      graves_.push_back(std::move(grave));
    }
  }
}

}  // namespace tenure::io

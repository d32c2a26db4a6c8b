// SPDX-License-Identifier: Apache-2.0
#include "client/lib/topic_memory.hpp"

#include <array>
#include <utility>

#include "client/lib/fork_guard.hpp"
#include "client/lib/sealed_text.hpp"
#include "proto/layout/constants.hpp"
#include "proto/wire/codec.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::detail {
namespace {

Error corrupt(const char* what) {
  return {.code = Errc::corrupt, .detail = std::string("the broker's answer: ") + what};
}

}  // namespace

Result<std::shared_ptr<TopicMemory>> TopicMemory::take(
    std::shared_ptr<Session> session,
    wire::Opened opened,
    // NOLINTNEXTLINE(performance-unnecessary-value-param): taken, to be closed.
    std::vector<os::UniqueFd> fds) {
  // Made first: whatever fails below, its destructor closes the handle.
  std::shared_ptr<TopicMemory> memory(new TopicMemory(std::move(session), std::move(opened)));
  for (const auto step : {&TopicMemory::load_schema, &TopicMemory::map_grants}) {
    if (auto done = (*memory.*step)(fds); !done) {
      return std::move(done).error();
    }
  }
  for (const auto check : {&TopicMemory::check_sizes, &TopicMemory::check_head}) {
    if (auto done = (*memory.*check)(); !done) {
      return std::move(done).error();
    }
  }
  memory->opened_.schema.clear();
  memory->opened_.grants.clear();
  return memory;
}

TopicMemory::TopicMemory(std::shared_ptr<Session> session, wire::Opened opened)
    : session_(std::move(session)), generation_(fork_generation()), opened_(std::move(opened)) {
}

TopicMemory::~TopicMemory() {
  if (is_forked(generation_)) {
    // The writable ranges were not inherited and may be somebody else's by now: unmapping them
    // would unmap that. So the child keeps the three objects for ever.
    static_cast<void>(
        new std::array<os::Mapping, 3>{std::move(head_), std::move(bell_), std::move(data_)});
    return;
  }
  data_ = {};
  bell_ = {};
  head_ = {};
  session_->send_close(opened_.handle);
}

Result<void> TopicMemory::load_schema(const std::vector<os::UniqueFd>& fds) {
  std::vector<TensorSpec> tensors = std::move(opened_.schema);
  if (opened_.schema_fd) {
    if (*opened_.schema_fd >= fds.size()) {
      return corrupt("a schema without its fd");
    }
    const auto text = read_text(fds[*opened_.schema_fd].get(), wire::kMaxSchemaBytes);
    if (!text) {
      return text.error();
    }
    auto decoded = wire::decode_schema(*text);
    if (!decoded) {
      return corrupt("a schema that cannot be read");
    }
    tensors = *std::move(decoded);
  }
  auto schema = BundleSchema::make(std::move(tensors), opened_.attribute_bytes);
  if (!schema) {
    return std::move(schema).error();
  }
  schema_ = *std::move(schema);
  return {};
}

Result<void> TopicMemory::map_grants(const std::vector<os::UniqueFd>& fds) {
  std::size_t read_only = 0;
  for (const wire::Grant& grant : opened_.grants) {
    if (grant.fd >= fds.size()) {
      return corrupt("a grant without its fd");
    }
    auto mapping = os::Mapping::map(
        fds[grant.fd].get(),
        grant.offset_bytes,
        grant.length_bytes,
        grant.right == wire::Right::write ? os::Protection::read_write : os::Protection::read);
    if (!mapping) {
      return std::move(mapping).error();
    }
    os::Mapping& place = grant.memory == wire::Memory::head   ? head_
                         : grant.memory == wire::Memory::bell ? bell_
                                                              : data_;
    place = *std::move(mapping);
    if (&place == &data_) {
      is_data_read_only_ = grant.right == wire::Right::read;
    }
    read_only += grant.right == wire::Right::write ? 0U : 1U;
  }
  is_writable_ = bell_ && read_only == 0;
  return {};
}

// Everything that is used as an index or an offset later on.
Result<void> TopicMemory::check_sizes() const {
  const bool is_shaped =
      opened_.slots >= 1 && opened_.slots <= layout::kMaxSlots && opened_.subscribers >= 1 &&
      opened_.subscribers <= layout::kMaxSubscribers && opened_.entry < opened_.subscribers;
  if (!is_shaped || opened_.slot_stride_bytes != schema_->plan.stride_bytes) {
    return corrupt("constants out of range");
  }
  const std::size_t bell_bytes = layout::topic_bell_bytes(opened_.subscribers);
  if (head_.size_bytes() < layout::kTopicHeadBytes ||
      data_.size_bytes() / opened_.slots < opened_.slot_stride_bytes ||
      (bell_ && bell_.size_bytes() < bell_bytes)) {
    return corrupt("memory that is too small");
  }
  return {};
}

// The memory is what the broker says it is.
Result<void> TopicMemory::check_head() const {
  const layout::HeadConstants& constants = head().constants;
  // acquire: the other constants are visible. pairs: head.magic
  if (constants.magic.load(std::memory_order_acquire) != layout::kMagic) {
    return corrupt("memory without the magic number");
  }
  if (constants.layout_version != layout::kLayoutVersion || constants.incompat != 0) {
    return Error{.code = Errc::too_old,
                 .detail = "memory layout " + std::to_string(constants.layout_version) +
                           "; this library knows " + std::to_string(layout::kLayoutVersion),
                 .hint = "upgrade the client library"};
  }
  if (constants.segment_id != opened_.id || constants.incarnation != opened_.incarnation ||
      constants.slot_count != opened_.slots ||
      constants.slot_stride_bytes != opened_.slot_stride_bytes) {
    return corrupt("memory of another segment");
  }
  return {};
}

}  // namespace tenure::detail

// SPDX-License-Identifier: Apache-2.0
// Questions, answered in pages that fit a packet.
#include <algorithm>
#include <utility>

#include "daemon/io/clocks.hpp"
#include "daemon/io/service.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::io {
namespace {

constexpr std::size_t kListedTensors = 4;
constexpr std::size_t kUsersPerPage = 32;
// A token is at most 600 bytes of JSON; a wish of 1024 regions, of which 64 are listed, 5 KiB.
constexpr std::size_t kTokensPerPage = 80;
constexpr std::size_t kWaitingPerPage = 2;
constexpr std::size_t kPoisonedPerPage = 64;

bool fits(const wire::ReplyBody& body, std::uint64_t request) {
  return wire::encode(wire::Reply{.id = request, .body = body}).size() <= wire::kMaxPacketBytes;
}

Error too_long(const char* member, std::size_t bytes) {
  return {.code = Errc::bad_request,
          .detail = std::string(member) + ": " + std::to_string(bytes) + " bytes; at most " +
                    std::to_string(wire::kMaxGlobBytes) + " are allowed"};
}

template <class T>
void cut(std::vector<T>& items, std::size_t count) {
  items.resize(std::min(items.size(), count));
}

SegmentStat buffer_stat(const core::Segment& segment) {
  const core::TokenCounts& counts = segment.buffer->tokens().counts();
  SegmentStat stat;
  stat.borrowed = counts.borrowed;
  stat.frozen = counts.frozen;
  stat.claimed = counts.claimed;
  stat.refused = counts.refused;
  stat.poisoned = counts.poisoned;
  stat.moved = segment.grains_left;
  return stat;
}

}  // namespace

const shm::SharedFd& Service::Live::schema() const {
  return buffer ? buffer->spec().schema : queue ? queue->spec().schema : memory->spec().schema;
}

SegmentInfo Service::describe(const core::Segment& segment) const {
  SegmentInfo info = registry_.describe(segment);
  const auto live = memories_.find(segment.memory);
  if (live != memories_.end() && live->second.memory != nullptr) {
    live->second.memory->describe(info, coarse_now());
  } else if (live != memories_.end() && live->second.queue != nullptr) {
    live->second.queue->describe(info, coarse_now());
  }
  return info;
}

void Service::list(core::Asker asker, const wire::List& request) {
  for (const auto& [member, text] :
       {std::pair("glob", &request.glob), std::pair("after", &request.after)}) {
    if (text->size() > wire::kMaxGlobBytes) {
      refuse(asker.session, asker.request, too_long(member, text->size()));
      return;
    }
  }
  const auto matching = registry_.match(asker.session, request, wire::kMaxPageItems + 1);
  wire::Listed page;
  page.total = registry_.count_visible(asker.session);
  page.used_bytes = registry_.used_bytes();
  page.budget_bytes = registry_.budget_bytes();
  page.more = matching.size() > wire::kMaxPageItems;
  for (const core::Segment* segment : matching) {
    if (page.segments.size() == wire::kMaxPageItems) {
      break;
    }
    SegmentInfo info = describe(*segment);
    page.tensor_counts.push_back(static_cast<std::uint32_t>(info.schema.size()));
    info.schema.resize(std::min(info.schema.size(), kListedTensors));
    info.offsets_bytes.resize(std::min(info.offsets_bytes.size(), kListedTensors));
    page.segments.push_back(std::move(info));
  }
  while (page.segments.size() > 1 && !fits(page, asker.request)) {
    page.segments.resize(page.segments.size() / 2);
    page.tensor_counts.resize(page.segments.size());
    page.more = true;
  }
  reply(asker.session, asker.request, std::move(page));
}

Reader Service::describe_reader(const core::Handle& handle) const {
  Reader reader;
  reader.peer = registry_.peer(handle.asker.session);
  reader.access = handle.as == wire::OpenAs::observe ? Access::observe : Access::subscribe;
  const auto live = memories_.find(handle.memory);
  if (handle.as == wire::OpenAs::subscribe && live != memories_.end()) {
    live->second.memory->describe(reader, handle.entry);
  }
  return reader;
}

// One more than a page shows. A publisher is shown by itself, and holders of tokens elsewhere.
std::vector<const core::Handle*> Service::users_after(const core::Segment& segment,
                                                      std::uint64_t handle) const {
  std::vector<const core::Handle*> users;
  for (auto user = segment.users.upper_bound(handle);
       !segment.buffer && user != segment.users.end() && users.size() <= kUsersPerPage;
       ++user) {
    if (segment.publisher != *user) {
      users.push_back(registry_.find_handle(*user));
    }
  }
  return users;
}

void Service::put_users(SegmentInfo& info,
                        const core::Segment& segment,
                        std::span<const core::Handle* const> users) const {
  if (!segment.queue) {
    for (const core::Handle* user : users) {
      info.readers.push_back(describe_reader(*user));
    }
    return;
  }
  const auto holders = memories_.at(segment.memory).queue->holders();
  for (const core::Handle* user : users) {
    info.participants.push_back(describe_participant(*user, holders));
  }
}

void Service::inspect(core::Asker asker, const wire::Inspect& request) {
  const auto found = registry_.find(asker.session, request.name);
  if (!found) {
    refuse_named(asker, request.name, found.error());
    return;
  }
  const core::Segment& segment = **found;
  wire::Inspected page{.info = describe(segment)};
  std::vector<shm::SharedFd> fds;
  if (const auto& schema = memories_.at(segment.memory).schema()) {
    page.schema_fd = 0;
    page.info.schema.clear();
    page.info.offsets_bytes.clear();
    fds.push_back(schema);
  }
  const auto users = users_after(segment, request.after_handle);
  std::size_t count = std::min(users.size(), kUsersPerPage);
  put_users(page.info, segment, std::span(users).first(count));
  page.more = users.size() > count;
  while (count > 1 && !fits(page, asker.request)) {
    count /= 2;
    cut(page.info.readers, count);
    cut(page.info.participants, count);
    page.more = true;
  }
  page.last_handle = count == 0 ? request.after_handle : users[count - 1]->id;
  reply(asker.session, asker.request, std::move(page), std::move(fds));
}

void Service::stat(core::Asker asker, const wire::Stat& request) {
  const auto found = registry_.find(asker.session, request.name);
  if (!found) {
    refuse_named(asker, request.name, found.error());
    return;
  }
  const core::Segment& segment = **found;
  reply(asker.session,
        asker.request,
        wire::Counted{.stat = segment.buffer  ? buffer_stat(segment)
                              : segment.queue ? memories_.at(segment.memory).queue->stat()
                                              : memories_.at(segment.memory).memory->stat()});
}

void Service::list_tokens(core::Asker asker, const wire::ListTokens& request) {
  const auto found = registry_.find(asker.session, request.name);
  if (!found || !(*found)->buffer) {
    refuse_named(
        asker,
        request.name,
        found ? Error{.code = Errc::unsupported, .detail = "it is no buffer"} : found.error());
    return;
  }
  const core::Buffer& buffer = *(*found)->buffer;
  wire::TokensListed page;
  page.last_turn = request.after_turn;
  for (const core::Token* token : buffer.tokens().list(request.after_token, kTokensPerPage)) {
    page.tokens.push_back(registry_.describe(buffer, *token));
  }
  page.more = page.tokens.size() == kTokensPerPage;
  if (!page.more) {
    for (const core::Waiting* waiting :
         buffer.tokens().waiting(request.after_turn, kWaitingPerPage)) {
      page.waiting.push_back(registry_.describe(buffer, *waiting));
      page.last_turn = waiting->turn;
    }
    page.more = page.waiting.size() == kWaitingPerPage;
  }
  if (!page.more) {
    const std::uint64_t after = request.after_poisoned_bytes / buffer.page_bytes();
    for (const core::PageRange& pages : buffer.tokens().poisoned(after, kPoisonedPerPage)) {
      page.poisoned.push_back(buffer.region_of(pages));
    }
    page.more = page.poisoned.size() == kPoisonedPerPage;
  }
  reply(asker.session, asker.request, std::move(page));
}

wire::HeldBy Service::holders_of(const core::Segment& segment,
                                 core::MemoryId id,
                                 const shm::TopicMemory& memory) const {
  wire::HeldBy held;
  for (const std::uint64_t user : segment.users) {
    const core::Handle& handle = *registry_.find_handle(user);
    if (handle.as == wire::OpenAs::subscribe && handle.memory == id &&
        memory.is_in_the_way(handle.entry)) {
      held.readers.push_back(describe_reader(handle));
    }
  }
  return held;
}

void Service::holders(core::Asker asker, const wire::Holders& request) {
  const auto handle = registry_.handle(asker.session, request.handle);
  if (!handle) {
    refuse(asker.session, asker.request, handle.error());
    return;
  }
  wire::HeldBy held;
  if (const auto live = memories_.find(handle->memory); live != memories_.end()) {
    const core::Segment& segment = *registry_.find_by_id(handle->memory.segment);
    held = live->second.queue ? holders_of(segment, *live->second.queue)
                              : holders_of(segment, handle->memory, *live->second.memory);
  }
  std::size_t count = std::max(held.readers.size(), held.participants.size());
  while (count > 1 && !fits(held, asker.request)) {
    count /= 2;
    cut(held.readers, count);
    cut(held.participants, count);
  }
  reply(asker.session, asker.request, std::move(held));
}

}  // namespace tenure::io

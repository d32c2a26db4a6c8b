// SPDX-License-Identifier: Apache-2.0
#include "client/lib/verbs.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "client/lib/fork_guard.hpp"
#include "client/lib/sealed_text.hpp"
#include "proto/wire/codec.hpp"
#include "proto/wire/limits.hpp"
#include "proto/wire/names.hpp"
#include "proto/wire/utf8.hpp"

namespace tenure::detail {
namespace {

// Between two attempts to reach a broker that is gone.
constexpr std::chrono::nanoseconds kFirstPause = std::chrono::milliseconds(10);
constexpr std::chrono::nanoseconds kLastPause = std::chrono::milliseconds(500);

struct EventWait {
  std::optional<sync::Deadline> deadline;  // None: does not wait.
  std::uint32_t interruptions;             // Those before it began.
};

// One page of an inspection; a long schema comes in an fd of its own.
Result<wire::Inspected> take_page(wire::ReplyBody&& reply, std::vector<os::UniqueFd>&& fds) {
  auto* page = std::get_if<wire::Inspected>(&reply);
  if (page == nullptr || (page->schema_fd && *page->schema_fd >= fds.size())) {
    return Error{.code = Errc::corrupt, .detail = "the broker answered something else than asked"};
  }
  if (page->schema_fd) {
    const auto text = read_text(fds[*page->schema_fd].get(), wire::kMaxSchemaBytes);
    if (!text) {
      return text.error();
    }
    auto schema = wire::decode_placed_schema(*text);
    if (!schema) {
      return std::move(schema).error();
    }
    for (FixedTensor& tensor : *schema) {
      page->info.schema.push_back(std::move(tensor.spec));
      if (page->info.kind == Kind::buffer) {
        page->info.offsets_bytes.push_back(tensor.offset_bytes);
      }
    }
  }
  return std::move(*page);
}

const std::string& name_of(const TensorSpec& tensor) {
  return tensor.name;
}
const std::string& name_of(const FixedTensor& tensor) {
  return tensor.spec.name;
}

// Requests are JSON: what is not UTF-8 would arrive as another name.
template <class Entry>
Result<void> check_names(std::string_view name, std::span<const Entry> schema) {
  if (auto error = wire::check_name(name)) {
    return *std::move(error);
  }
  for (const Entry& tensor : schema) {
    const std::size_t bad = wire::find_non_utf8(name_of(tensor));
    if (bad != std::string_view::npos) {
      return Error{.code = Errc::bad_request,
                   .detail = "tensor " + std::to_string(&tensor - schema.data()) + ": byte " +
                             std::to_string(bad) + " of its name is not UTF-8"};
    }
  }
  return {};
}

// While the broker is gone: says so once, then tries to reach it again until the deadline.
Result<std::shared_ptr<Session>> session_for_events(ClientState& client, const EventWait& wait) {
  auto session = client.session();
  for (auto pause = kFirstPause; !session; pause = std::min(pause * 2, kLastPause)) {
    if (session.error().code != Errc::broker_gone || client.tell_gone()) {
      return session;
    }
    if (!wait.deadline) {
      return Error{.code = Errc::empty};
    }
    if (has_passed(*wait.deadline)) {
      return Error{.code = Errc::timed_out, .detail = "the broker is gone"};
    }
    sync::futex_wait(client.context().interruption->word(),
                     wait.interruptions,
                     std::min(*wait.deadline, sync::monotonic_now() + pause));
    if (client.context().interruption->count() != wait.interruptions) {
      return interrupted_error();
    }
    session = client.session();
  }
  return session;
}

}  // namespace

namespace {

// `request` is a CreateTopic, CreateQueue or CreateBuffer.
template <class Request>
Result<void> create(ClientState& client, Request request) {
  auto& schema_of = request.options.schema;
  using Entry = typename std::remove_reference_t<decltype(schema_of)>::value_type;
  if (auto checked = check_names(request.name, std::span<const Entry>(schema_of)); !checked) {
    return checked;
  }
  std::vector<os::UniqueFd> fds;
  const std::string schema = wire::encode_schema(std::span<const Entry>(schema_of));
  if (schema.size() > wire::kMaxInlineSchemaBytes) {
    auto sealed = seal_text(schema);
    if (!sealed) {
      return std::move(sealed).error();
    }
    fds.push_back(*std::move(sealed));
    schema_of.clear();
    request.schema_in_fd = true;
  }
  const int fd = fds.empty() ? -1 : fds.front().get();
  // Reserving takes about a second per GiB: the answer comes when it comes.
  auto created =
      client.ask<wire::Created>(std::move(request), kForever, {&fd, fds.empty() ? 0U : 1U});
  return created ? Result<void>() : std::move(created).error();
}

}  // namespace

Result<void> create_topic(ClientState& client, std::string_view name, const TopicOptions& options) {
  return create(client, wire::CreateTopic{.name = std::string(name), .options = options});
}

Result<void> create_queue(ClientState& client, std::string_view name, const QueueOptions& options) {
  return create(client, wire::CreateQueue{.name = std::string(name), .options = options});
}

Result<void> create_buffer(ClientState& client,
                           std::string_view name,
                           const BufferOptions& options) {
  return create(client, wire::CreateBuffer{.name = std::string(name), .options = options});
}

Result<SegmentInfo> inspect(ClientState& client, std::string_view name) {
  SegmentInfo info;
  wire::Inspect request{.name = std::string(name)};
  for (bool more = true; more;) {
    Result<wire::Inspected> page = Error{};
    const Session::Accept accept = [&](wire::ReplyBody&& reply, std::vector<os::UniqueFd>&& fds) {
      page = take_page(std::move(reply), std::move(fds));
    };
    auto session = client.session();
    if (!session) {
      return std::move(session).error();
    }
    if (auto called = (*session)->call(request, deadline_of(kPatience), accept); !called) {
      return std::move(called).error();
    }
    if (!page) {
      return std::move(page).error();
    }
    more = page->more;
    request.after_handle = page->last_handle;
    std::vector<Reader> readers = std::move(info.readers);
    std::ranges::move(page->info.readers, std::back_inserter(readers));
    std::vector<Participant> participants = std::move(info.participants);
    std::ranges::move(page->info.participants, std::back_inserter(participants));
    info = std::move(page->info);
    info.readers = std::move(readers);
    info.participants = std::move(participants);
  }
  return info;
}

Result<Event> next_event(ClientState& client, Timeout timeout) {
  const EventWait wait{
      .deadline = timeout.waits() ? std::optional(deadline_of(timeout)) : std::nullopt,
      .interruptions = client.context().interruption->count()};
  EventQueue& events = *client.context().events;
  for (bool is_first = true;; is_first = false) {
    if (is_forked(client.generation())) {
      return forked_error();
    }
    if (auto event = events.pop()) {
      return *std::move(event);
    }
    if (!is_first && !wait.deadline) {
      return Error{.code = Errc::empty};
    }
    auto session = session_for_events(client, wait);
    if (!session) {
      return std::move(session).error();
    }
    auto news = (*session)->pump(wait.deadline.value_or(sync::Deadline{0}), wait.interruptions);
    // What came before the broker hung up comes first.
    const bool is_over = !news && events.is_empty() &&
                         (news.error().code == Errc::broker_gone
                              ? client.tell_gone()
                              : wait.deadline || news.error().code != Errc::timed_out);
    if (is_over) {
      return std::move(news).error();
    }
  }
}

Result<wire::Claimed> claim(Session& session, std::string_view ticket, TokenMode mode) {
  return session.ask<wire::Claimed>(wire::Claim{.ticket = std::string(ticket), .mode = mode},
                                    deadline_of(kPatience));
}

Result<TokenReport> tokens(ClientState& client, std::string_view name) {
  TokenReport report;
  wire::ListTokens request{.name = std::string(name)};
  for (bool more = true; more;) {
    auto page = client.ask<wire::TokensListed>(request);
    if (!page) {
      return std::move(page).error();
    }
    more = page->more;
    request.after_turn = page->last_turn;
    request.after_token = page->tokens.empty() ? request.after_token : page->tokens.back().id;
    request.after_poisoned_bytes =
        page->poisoned.empty() ? request.after_poisoned_bytes : page->poisoned.back().end_bytes;
    std::ranges::move(page->tokens, std::back_inserter(report.tokens));
    std::ranges::move(page->waiting, std::back_inserter(report.waiting));
    std::ranges::move(page->poisoned, std::back_inserter(report.poisoned));
  }
  return report;
}

}  // namespace tenure::detail

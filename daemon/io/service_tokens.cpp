// SPDX-License-Identifier: Apache-2.0
// Buffers and tokens: who asks for what, and how it is answered.
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <utility>

#include "daemon/io/service.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::io {
namespace {

// 128 bits that nobody can guess, as 32 hexadecimal digits.
std::string make_secret() {
  constexpr const char* digits = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
  }
  std::string text;
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace

void Service::open_buffer(const core::Handle& handle) {
  const core::Segment& segment = *registry_.find_by_id(handle.memory.segment);
  const core::Buffer& buffer = *segment.buffer;
  wire::OpenedBuffer body{.handle = handle.id,
                          .id = handle.memory.segment,
                          .incarnation = handle.memory.incarnation,
                          .size_bytes = buffer.shape().size_bytes,
                          .grain_bytes = buffer.shape().grain_bytes,
                          .page_bytes = buffer.page_bytes(),
                          .schema = {},
                          .schema_fd = {}};
  if (buffer.tokens().find(segment.root, handle.asker.session)) {
    body.root = segment.root;
  }
  std::vector<shm::SharedFd> fds;
  if (const auto schema = memories_.at(handle.memory).buffer->spec().schema) {
    body.schema_fd = 0;
    fds.push_back(schema);
  } else {
    body.schema = buffer.options().schema;
  }
  reply(handle.asker.session, handle.asker.request, std::move(body), std::move(fds));
}

// Only of one's own: a name is nobody else's to learn.
std::string Service::name_of_token(core::Asker asker, std::uint64_t token) {
  const auto held = registry_.holding(asker.session, token);
  return held ? held->segment->name : "";
}

std::string Service::name_of_lender(core::Asker asker, const wire::Lend& request) {
  std::string name = name_of_token(asker, request.issuer);
  if (const core::Handle* handle = registry_.find_handle(request.handle);
      name.empty() && handle != nullptr && handle->asker.session == asker.session) {
    name = registry_.find_by_id(handle->memory.segment)->name;
  }
  return name;
}

// Under the buffer's name, if it is known.
void Service::answer(core::Asker asker, const std::string& name, const Result<void>& done) {
  if (done) {
    reply(asker.session, asker.request, wire::Done{});
  } else if (name.empty()) {
    refuse(asker.session, asker.request, done.error());
  } else {
    refuse_named(asker, name, done.error());
  }
}

void Service::answer(core::Asker asker, std::uint64_t token, const Result<void>& done) {
  answer(asker, done ? "" : name_of_token(asker, token), done);
}

void Service::lend(core::Asker asker, const wire::Lend& request) {
  if (request.regions.size() > wire::kMaxRegions) {
    refuse(asker.session,
           asker.request,
           {.code = Errc::bad_request,
            .count = wire::kMaxRegions,
            .detail = "regions: " + std::to_string(request.regions.size()) + "; at most " +
                      std::to_string(wire::kMaxRegions)});
    return;
  }
  const auto lent = registry_.lend(asker, request);
  if (!lent) {
    answer(asker, name_of_lender(asker, request), lent.error());
  } else if (*lent) {
    grant_tokens(asker, **lent);
  }
}

void Service::grant_tokens(core::Asker asker, const std::vector<std::uint64_t>& tokens) {
  wire::Lent lent;
  for (const std::uint64_t token : tokens) {
    const auto found = registry_.find_token(token);
    lent.tokens.push_back(
        {.token = token, .is_poisoned = found.segment->buffer->tokens().is_poisoned(*found.token)});
  }
  reply(asker.session, asker.request, std::move(lent));
}

void Service::settle(const core::Effects::Decided& decided) {
  const auto& [asker, result] = decided.outcome;
  if (const auto* error = std::get_if<Error>(&result)) {
    refuse_named(asker, decided.name, *error);
    return;
  }
  const auto& tokens = std::get<std::vector<std::uint64_t>>(result);
  if (tokens.empty()) {
    reply(asker.session, asker.request, wire::Done{});  // Everything is back.
  } else {
    grant_tokens(asker, tokens);
  }
}

void Service::release(core::Asker asker, const wire::Release& request) {
  answer(asker, request.token, registry_.release(asker.session, request.token));
}

void Service::acknowledge(core::Asker asker, const wire::Acknowledge& request) {
  answer(asker, request.token, registry_.acknowledge(asker.session, request.token));
}

void Service::transfer(core::Asker asker, const wire::Transfer& request) {
  if (request.to_session && !outlet_.takes_events(*request.to_session)) {
    answer(asker,
           request.token,
           Error{.code = Errc::too_many,
                 .detail = "to_session: " + std::to_string(*request.to_session) +
                           " does not read its events"});
    return;
  }
  auto sent = registry_.transfer(asker.session, request, make_secret());
  if (!sent) {
    answer(asker, request.token, sent.error());
    return;
  }
  reply(asker.session, asker.request, wire::Sent{.ticket = *std::move(sent)});
}

void Service::claim(core::Asker asker, const wire::Claim& request) {
  const auto claimed = registry_.claim(asker.session, request);
  if (!claimed) {
    refuse(asker.session, asker.request, claimed.error());
    return;
  }
  const auto found = registry_.find_token(*claimed);
  const core::Buffer& buffer = *found.segment->buffer;
  reply(asker.session,
        asker.request,
        wire::Claimed{.token = *claimed,
                      .segment = found.segment->name,
                      .mode = found.token->mode,
                      .region = buffer.region_of(found.token->pages),
                      .page_bytes = buffer.page_bytes(),
                      .layout = found.token->layout,
                      .is_poisoned = buffer.tokens().is_poisoned(*found.token)});
}

void Service::wait_returned(core::Asker asker, const wire::WaitReturned& request) {
  const auto waited = registry_.wait_returned(asker, request);
  if (!waited) {
    answer(asker, request.token, waited.error());
  } else if (*waited) {
    reply(asker.session, asker.request, wire::Done{});
  }
}

void Service::revoke(core::Asker asker, const wire::Revoke& request) {
  if (!outlet_.is_administrator(asker.session)) {
    refuse(asker.session,
           asker.request,
           {.code = Errc::denied,
            .detail = "only administrators take tokens away",
            .hint = "connect to the broker's --admin-socket"});
    return;
  }
  const auto found = registry_.find_token(request.token);
  const std::string name = found.segment == nullptr ? "" : found.segment->name;
  auto revoked = registry_.revoke(request.token);
  if (revoked) {
    log_->warn("token_revoked name={} token={} session={}", name, request.token, asker.session);
  }
  answer(asker, name, revoked);
}

}  // namespace tenure::io

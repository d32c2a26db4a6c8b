// SPDX-License-Identifier: Apache-2.0
// The memory side of tokens: grains are handed out, and moved to fresh memory where somebody may
// still have the old one.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/io/clocks.hpp"
#include "daemon/io/log_text.hpp"
#include "daemon/io/piece_list.hpp"
#include "daemon/io/service.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::io {

// What an attach is to get: runs of pages of one right each, the first of them or all.
struct Service::AttachPlan {
  core::Segment* segment;
  const core::Token* token;
  bool is_first;  // The token is not attached yet.
  std::uint64_t end_page;
  std::vector<core::TokenTable::Access> runs;
};

namespace {

Error not_attached() {
  return {.code = Errc::not_attached, .detail = "a part of it is asked for"};
}

// The whole token, the rest of it, or what came back to it. Errors: bad_request
Result<core::PageRange> pages_asked_for(const core::Buffer& buffer,
                                        const core::Token& token,
                                        const wire::Attach& request) {
  const Region whole = buffer.region_of(token.pages);
  const Region asked{
      .begin_bytes = request.from_bytes == 0 ? whole.begin_bytes : request.from_bytes,
      .end_bytes = request.again_to_bytes == 0 ? whole.end_bytes : request.again_to_bytes};
  auto pages = buffer.pages_of(asked);
  if (pages && !token.pages.contains(*pages)) {
    return Error{.code = Errc::bad_request, .detail = "from_bytes: not within the token's region"};
  }
  return pages;
}

}  // namespace

Result<Service::AttachPlan> Service::plan_attach(std::uint32_t session,
                                                 const wire::Attach& request) {
  auto held = registry_.holding(session, request.token);
  if (!held) {
    return held.error();
  }
  core::Buffer& buffer = *held->segment->buffer;
  const core::Token& token = *held->token;
  const auto range = pages_asked_for(buffer, token, request);
  if (!range) {
    return range.error();
  }
  AttachPlan plan{.segment = held->segment,
                  .token = &token,
                  .is_first = range->begin == token.pages.begin && request.again_to_bytes == 0,
                  .end_page = range->end,
                  .runs = {}};
  if (auto fit = plan.is_first        ? buffer.tokens().check_attach(token.id, session)
                 : !token.is_attached ? Result<void>(not_attached())
                                      : buffer.tokens().check_poison(*range);
      !fit) {
    return fit.error();
  }
  for (auto run : buffer.tokens().accesses(token, range->begin, wire::kMaxPieces)) {
    run.pages.end = std::min(run.pages.end, range->end);
    if (!run.pages.is_empty()) {
      plan.runs.push_back(run);
    }
  }
  if (plan.runs.size() == wire::kMaxPieces) {
    plan.end_page = plan.runs.back().pages.end;  // There may be more.
  }
  return plan;
}

void Service::attach(core::Asker asker, const wire::Attach& request) {
  auto plan = plan_attach(asker.session, request);
  if (!plan) {
    answer(asker, request.token, plan.error());
    return;
  }
  const auto are_moving = move_grains(*plan);
  if (!are_moving) {
    answer(asker, request.token, are_moving.error());
    return;
  }
  if (*are_moving || !outlet_.takes_fds(asker.session)) {
    wait_to_attach(plan->segment->memory.segment, asker, request);
    return;
  }
  auto packet = attached(asker, *plan);
  if (!packet) {
    answer(asker, request.token, packet.error());
    return;
  }
  outlet_.send(asker.session, *std::move(packet));
}

void Service::wait_to_attach(std::uint64_t segment,
                             core::Asker asker,
                             const wire::Attach& request) {
  auto& waiting = waiting_attaches_[segment];
  const auto own = std::ranges::count(
      waiting, asker.session, [](const WaitingAttach& attach) { return attach.asker.session; });
  if (static_cast<std::size_t>(own) >= wire::kMaxRequestsInFlight) {
    refuse(asker.session,
           asker.request,
           {.code = Errc::too_many,
            .count = wire::kMaxRequestsInFlight,
            .detail = "requests of this session are waiting"});
    return;
  }
  waiting.push_back({asker, request});
}

// Each as if it were asked for now; those that cannot be had yet wait on.
void Service::retry_attaches(std::uint64_t segment) {
  auto waiting = waiting_attaches_.extract(segment);
  if (waiting) {
    for (const WaitingAttach& again : waiting.mapped()) {
      attach(again.asker, again.request);
    }
  }
}

// Whether some are on their way, so that the attach has to wait.
Result<bool> Service::move_grains(const AttachPlan& plan) {
  core::Buffer& buffer = *plan.segment->buffer;
  bool are_moving = false;
  for (const auto& run : plan.runs) {
    const core::PageRange grains = buffer.plan().grains_of(run.pages);
    for (std::uint64_t grain = grains.begin; grain < grains.end; ++grain) {
      are_moving = are_moving || moving_.contains({plan.segment->memory.segment, grain});
    }
    for (const std::uint64_t grain : buffer.grains().to_move(run.pages, plan.token->holder.uid)) {
      are_moving = true;
      if (moving_.contains({plan.segment->memory.segment, grain})) {
        continue;
      }
      if (const auto other = buffer.grains().attached_to(grain)) {
        const core::Token& holder = *buffer.tokens().find_any(*other);
        return Error{
            .code = Errc::held,
            .detail = "grain " + std::to_string(grain) + " has to move to fresh memory, and " +
                      core::to_text(registry_.peer(holder.holder.session)) + " has it attached",
            .hint = "try again when that is detached"};
      }
      if (auto moved = move_grain(*plan.segment, grain); !moved) {
        return moved.error();
      }
    }
  }
  return are_moving;
}

Result<void> Service::move_grain(core::Segment& segment, std::uint64_t grain) {
  const auto left = registry_.charge_grain(segment.memory.segment, grain);
  if (!left) {
    return left.error();
  }
  moving_.emplace(segment.memory.segment, grain);
  const auto& memory = memories_.at(segment.memory).buffer;
  run_slowly(
      [spec = memory->spec(), grain, old = memory->grain(grain)] {
        return shm::Grain::make_copy(spec, grain, *old);
      },
      [this, id = segment.memory, grain, left = *left](auto made) {
        finish_move(id, grain, left, std::move(made));
      });
  return {};
}

void Service::finish_move(core::MemoryId id,
                          std::uint64_t grain,
                          core::MemoryId left,
                          Result<std::shared_ptr<shm::Grain>> made) {
  registry_.set_now(monotonic_now());
  moving_.erase({id.segment, grain});
  const auto live = memories_.find(id);
  if (!made || live == memories_.end()) {
    registry_.free_memory(left);
    const Error error = made ? core::stale_token(0) : made.error();
    log_->warn(
        "grain_not_moved id={} grain={} error={}", id.segment, grain, quoted(error.message()));
    for (const WaitingAttach& attach : std::exchange(waiting_attaches_[id.segment], {})) {
      refuse(attach.asker.session, attach.asker.request, error);
    }
    waiting_attaches_.erase(id.segment);
    return;
  }
  core::Buffer& buffer = *registry_.find_by_id(id.segment)->buffer;
  const auto behind = buffer.grains().move(grain);
  log_->warn("grain_moved name={} id={} grain={} uid={}",
             registry_.find_by_id(id.segment)->name,
             id.segment,
             grain,
             behind.writer_uid);
  retire({.id = left,
          .memory = live->second.buffer->replace(grain, *std::move(made)),
          .writers = behind.writers});
  retry_attaches(id.segment);
  carry_out();
}

// File descriptors for as much of the plan as fits a packet; from then on the token is attached.
Result<Outgoing> Service::attached(core::Asker asker, const AttachPlan& plan) {
  core::Buffer& buffer = *plan.segment->buffer;
  shm::BufferMemory& memory = *memories_.at(plan.segment->memory).buffer;
  wire::Attached body{.pieces = {}, .up_to_bytes = plan.end_page * buffer.page_bytes()};
  PieceList list(buffer, memory);
  for (const auto& run : plan.runs) {
    if (auto added = list.add(run); !added) {
      return added.error();
    }
  }
  Outgoing packet{.bytes = {}, .fds = list.take_fds()};
  body.pieces = list.take_pieces();
  if (list.is_full()) {
    body.up_to_bytes = body.pieces.back().offset_bytes + body.pieces.back().length_bytes;
  }
  if (plan.is_first) {
    if (auto marked = registry_.attach(asker.session, plan.token->id); !marked) {
      return marked.error();
    }
  }
  for (const wire::Piece& piece : body.pieces) {
    buffer.grains().attach(*plan.token,
                           {.begin = piece.offset_bytes / buffer.page_bytes(),
                            .end = (piece.offset_bytes + piece.length_bytes) / buffer.page_bytes()},
                           piece.is_writable);
  }
  packet.bytes = wire::encode(wire::Reply{.id = asker.request, .body = std::move(body)});
  return packet;
}

void Service::detach(core::Asker asker, const wire::Detach& request) {
  answer(asker, request.token, registry_.detach(asker.session, request.token));
}

}  // namespace tenure::io

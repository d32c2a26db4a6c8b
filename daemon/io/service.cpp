// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/service.hpp"

#include <utility>

#include "daemon/io/clocks.hpp"
#include "daemon/io/log_text.hpp"
#include "proto/os/kernel.hpp"
#include "proto/wire/codec.hpp"

namespace tenure::io {
namespace {

constexpr const char* kRelease = TENURE_RELEASE;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

Service::Service(asio::io_context& context,
                 Outlet& outlet,
                 const core::Limits& limits,
                 std::shared_ptr<spdlog::logger> log)
    : outlet_(outlet),
      log_(std::move(log)),
      registry_(limits),
      started_(monotonic_now()),
      next_visit_(context),
      visit_pause_(0),
      deadline_(context),
      slow_(context) {
}

Result<std::uint32_t> Service::admit(core::Identity identity) {
  auto session = registry_.add_session(identity);
  if (session) {
    log_->info("session_opened session={} uid={} pid={} name={}",
               *session,
               identity.uid,
               identity.pid,
               quoted(identity.name));
  }
  return session;
}

void Service::welcome(std::uint32_t session, std::uint64_t request) {
  wire::Welcome welcome;
  welcome.session = session;
  welcome.page_bytes = os::page_bytes();
  welcome.broker = kRelease;
  welcome.budget_bytes = registry_.budget_bytes();
  welcome.used_bytes = registry_.used_bytes();
  welcome.up_ns = static_cast<std::uint64_t>((monotonic_now() - started_).count());
  welcome.control_bytes = outlet_.control_bytes();
  reply(session, request, std::move(welcome));
}

void Service::reply(std::uint32_t session,
                    std::uint64_t request,
                    wire::ReplyBody body,
                    std::vector<shm::SharedFd> fds) {
  std::string bytes = wire::encode(wire::Reply{.id = request, .body = std::move(body)});
  outlet_.send(session, {.bytes = std::move(bytes), .fds = std::move(fds)});
}

void Service::refuse(std::uint32_t session, std::uint64_t request, Error error) {
  reply(session, request, std::move(error));
}

void Service::refuse_named(core::Asker asker, const std::string& name, Error error) {
  if (name.size() <= wire::kMaxNameBytes) {
    error.detail.insert(0, name + ": ");
  }
  refuse(asker.session, asker.request, std::move(error));
}

void Service::execute(std::uint32_t session, wire::Request request, SentSchema schema) {
  const core::Asker asker{.session = session, .request = request.id};
  registry_.set_now(monotonic_now());
  std::visit(Overloaded{
                 [&](wire::Hello&) {
                   refuse(session,
                          request.id,
                          {.code = Errc::bad_request, .detail = "op: hello was said already"});
                 },
                 [&](wire::Ping&) { welcome(session, request.id); },
                 [&](wire::Open& body) { open(asker, body); },
                 [&](wire::Close& body) { close(asker, body); },
                 [&](wire::Remove& body) { remove(asker, body); },
                 [&](wire::List& body) { list(asker, body); },
                 [&](wire::Inspect& body) { inspect(asker, body); },
                 [&](wire::Stat& body) { stat(asker, body); },
                 [&](wire::Cancel& body) { cancel(asker, body); },
                 [&](wire::Holders& body) { holders(asker, body); },
                 [&](wire::Lend& body) { lend(asker, body); },
                 [&](wire::Release& body) { release(asker, body); },
                 [&](wire::Transfer& body) { transfer(asker, body); },
                 [&](wire::Claim& body) { claim(asker, body); },
                 [&](wire::Attach& body) { attach(asker, body); },
                 [&](wire::Detach& body) { detach(asker, body); },
                 [&](wire::Acknowledge& body) { acknowledge(asker, body); },
                 [&](wire::WaitReturned& body) { wait_returned(asker, body); },
                 [&](wire::ListTokens& body) { list_tokens(asker, body); },
                 [&](wire::Revoke& body) { revoke(asker, body); },
                 [&](auto& body) {  // Creates, whatever the kind.
                   create(asker,
                          {.name = std::move(body.name), .options = std::move(body.options)},
                          std::move(schema));
                 },
             },
             request.body);
  carry_out();
}

bool Service::hang_up(std::uint32_t session) {
  registry_.set_now(monotonic_now());
  registry_.stop_waiting(session);
  drop_held_back(session);
  if (registry_.has_holdings(session)) {
    carry_out();
    return false;
  }
  end(session);
  return true;
}

void Service::set_disconnected(std::uint32_t session) {
  log_->warn("session_disconnected session={} pid={}", session, registry_.peer(session).pid);
  registry_.set_now(monotonic_now());
  registry_.set_disconnected(session, monotonic_now());
  carry_out();
}

void Service::end(std::uint32_t session) {
  const Peer peer = registry_.peer(session);
  held_back_.erase(session);
  for (auto& [segment, waiting] : waiting_attaches_) {
    std::erase_if(waiting, [&](const auto& attach) { return attach.asker.session == session; });
  }
  registry_.set_now(monotonic_now());
  registry_.remove_session(session);
  carry_out();
  visit_graves();
  log_->info("session_ended session={} uid={} pid={} name={}",
             session,
             peer.uid,
             peer.pid,
             quoted(peer.name));
}

void Service::stop() {
  deadline_.cancel();
  next_visit_.cancel();
}

// Repairs first: whoever is let in by an outcome must find the memory in order. What a refused
// grant leaves behind is another round.
void Service::carry_out() {
  for (;;) {
    const core::Effects effects = registry_.take_effects();
    if (effects.ended.empty() && effects.notices.empty() && effects.outcomes.empty() &&
        effects.token_outcomes.empty() && effects.released.empty()) {
      break;
    }
    repair(effects.ended);
    for (const core::Notice& notice : effects.notices) {
      notify(notice);
    }
    for (const core::Outcome& outcome : effects.outcomes) {
      settle(outcome);
    }
    for (const core::Effects::Decided& decided : effects.token_outcomes) {
      settle(decided);
    }
    for (const core::Released& released : effects.released) {
      release(released);
    }
  }
  arm_deadline();
}

// Those of one queue together: that takes as long as for one of them.
void Service::repair(const std::vector<core::Handle>& ended) {
  std::map<core::MemoryId, std::vector<std::uint16_t>> owners;
  for (const core::Handle& handle : ended) {
    repair(handle);
    if (handle.owner != 0) {
      owners[handle.memory].push_back(handle.owner);
    }
  }
  for (auto& [id, of_queue] : owners) {
    if (const auto found = memories_.find(id); found != memories_.end()) {
      repair_queue(*found->second.queue, std::move(of_queue));
    }
  }
}

void Service::repair(const core::Handle& ended) {
  reader_fds_.erase(ended.id);
  const auto found = memories_.find(ended.memory);
  if (found == memories_.end()) {
    return;
  }
  if (ended.as == wire::OpenAs::publish) {
    found->second.memory->end_publisher();
  } else if (ended.as == wire::OpenAs::subscribe) {
    found->second.memory->end_subscriber(ended.entry);
  }
}

void Service::notify(const core::Notice& notice) {
  outlet_.send(notice.session, {.bytes = wire::encode(notice.event), .fds = {}});
}

void Service::settle(const core::Outcome& outcome) {
  if (const auto* handle = std::get_if<core::Handle>(&outcome.result)) {
    grant(*handle);
  } else {
    refuse_named(outcome.asker, outcome.name, std::get<Error>(outcome.result));
  }
}

// Armed only while somebody waits for a limited time: an idle broker has no timer.
void Service::arm_deadline() {
  const auto next = registry_.next_deadline();
  if (next == armed_) {
    return;
  }
  armed_ = next;
  if (!next) {
    deadline_.cancel();
    return;
  }
  deadline_.expires_at(std::chrono::steady_clock::time_point(*next));
  deadline_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      armed_.reset();
      registry_.set_now(monotonic_now());
      registry_.expire(monotonic_now());
      carry_out();
    }
  });
}

}  // namespace tenure::io

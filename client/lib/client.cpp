// SPDX-License-Identifier: Apache-2.0
#include <tenure/client.hpp>

#include <utility>

#include "client/lib/buffer_state.hpp"
#include "client/lib/client_state.hpp"
#include "client/lib/consumer_state.hpp"
#include "client/lib/verbs.hpp"
#include "client/lib/fork_guard.hpp"
#include "client/lib/producer_state.hpp"
#include "client/lib/publisher_state.hpp"
#include "client/lib/subscriber_state.hpp"
#include "client/lib/token_state.hpp"

namespace tenure {
namespace {

Error empty_client() {
  return {.code = Errc::stale, .detail = "an empty client: moved from"};
}

}  // namespace

Client::Client(std::shared_ptr<detail::ClientState> state) noexcept : state_(std::move(state)) {
}
Client::Client(Client&& other) noexcept = default;
Client& Client::operator=(Client&& other) noexcept = default;
Client::~Client() = default;

Result<Client> Client::connect(ConnectOptions options) {
  auto state = detail::ClientState::connect(std::move(options));
  if (!state) {
    return std::move(state).error();
  }
  return Client(*std::move(state));
}

Result<void> Client::create_topic(std::string_view name, const TopicOptions& options) {
  return state_ == nullptr ? empty_client() : detail::create_topic(*state_, name, options);
}

Result<Publisher> Client::publisher(std::string_view name, OpenOptions options) {
  if (state_ == nullptr) {
    return empty_client();
  }
  auto memory = detail::PublisherState::open(*state_, std::string(name), options.timeout);
  if (!memory) {
    return std::move(memory).error();
  }
  return Publisher(new detail::PublisherState(state_, std::string(name), *std::move(memory)));
}

Result<Subscriber> Client::subscriber(std::string_view name, SubscriberOptions options) {
  if (state_ == nullptr) {
    return empty_client();
  }
  auto memory = detail::SubscriberState::open(*state_, std::string(name), options);
  if (!memory) {
    return std::move(memory).error();
  }
  return Subscriber(
      new detail::SubscriberState(state_, std::string(name), *std::move(memory), options));
}

Result<void> Client::create_queue(std::string_view name, const QueueOptions& options) {
  return state_ == nullptr ? empty_client() : detail::create_queue(*state_, name, options);
}

Result<Producer> Client::producer(std::string_view name, LaneOptions options) {
  if (state_ == nullptr) {
    return empty_client();
  }
  auto memory = detail::ProducerState::open(*state_, std::string(name), options);
  if (!memory) {
    return std::move(memory).error();
  }
  return Producer(
      new detail::ProducerState(state_, std::string(name), *std::move(memory), options.lane));
}

Result<Consumer> Client::consumer(std::string_view name, LaneOptions options) {
  if (state_ == nullptr) {
    return empty_client();
  }
  auto memory = detail::ConsumerState::open(*state_, std::string(name), options);
  if (!memory) {
    return std::move(memory).error();
  }
  return Consumer(
      new detail::ConsumerState(state_, std::string(name), *std::move(memory), options.lane));
}

Result<void> Client::create_buffer(std::string_view name, const BufferOptions& options) {
  return state_ == nullptr ? empty_client() : detail::create_buffer(*state_, name, options);
}

Result<Buffer> Client::buffer(std::string_view name, OpenOptions options) {
  if (state_ == nullptr) {
    return empty_client();
  }
  auto state = detail::BufferState::open(state_, std::string(name), options.timeout);
  if (!state) {
    return std::move(state).error();
  }
  return Buffer(*std::move(state));
}

template <class T>
Result<T> Client::claim(std::string_view ticket) {
  if (state_ == nullptr) {
    return empty_client();
  }
  auto session = state_->session();
  if (!session) {
    return std::move(session).error();
  }
  auto claimed = detail::claim(**session, ticket, detail::kModeOf<T>);
  if (!claimed) {
    return std::move(claimed).error();
  }
  return detail::TokenAccess::make<T>(*session,
                                      {.segment = std::move(claimed->segment),
                                       .id = claimed->token,
                                       .mode = claimed->mode,
                                       .region = claimed->region,
                                       .page_bytes = claimed->page_bytes,
                                       .layout = std::move(claimed->layout),
                                       .is_poisoned = claimed->is_poisoned});
}
template Result<Borrow> Client::claim<Borrow>(std::string_view ticket);
template Result<Freeze> Client::claim<Freeze>(std::string_view ticket);

Result<TokenReport> Client::tokens(std::string_view name) {
  return state_ == nullptr ? empty_client() : detail::tokens(*state_, name);
}

Result<void> Client::revoke(std::uint64_t token) {
  if (state_ == nullptr) {
    return empty_client();
  }
  auto done = state_->ask<wire::Done>(wire::Revoke{.token = token});
  return done ? Result<void>() : std::move(done).error();
}

Result<std::vector<SegmentInfo>> Client::list(std::string_view glob) {
  if (state_ == nullptr) {
    return empty_client();
  }
  std::vector<SegmentInfo> all;
  wire::List request{.glob = std::string(glob)};
  for (;;) {
    auto page = state_->ask<wire::Listed>(request);
    if (!page) {
      return std::move(page).error();
    }
    std::move(page->segments.begin(), page->segments.end(), std::back_inserter(all));
    if (!page->more || page->segments.empty()) {
      return all;
    }
    request.after = all.back().name;
  }
}

Result<SegmentInfo> Client::inspect(std::string_view name) {
  if (state_ == nullptr) {
    return empty_client();
  }
  return detail::inspect(*state_, name);
}

Result<SegmentStat> Client::stat(std::string_view name) {
  if (state_ == nullptr) {
    return empty_client();
  }
  auto counted = state_->ask<wire::Counted>(wire::Stat{.name = std::string(name)});
  if (!counted) {
    return std::move(counted).error();
  }
  return counted->stat;
}

Result<void> Client::remove(std::string_view name) {
  if (state_ == nullptr) {
    return empty_client();
  }
  auto done = state_->ask<wire::Done>(wire::Remove{.name = std::string(name)});
  return done ? Result<void>() : std::move(done).error();
}

std::uint32_t Client::session() const noexcept {
  return state_ == nullptr ? 0 : state_->session_number();
}

Result<void> Client::ping() {
  auto info = broker_info();
  return info ? Result<void>() : std::move(info).error();
}

Result<BrokerInfo> Client::broker_info() {
  if (state_ == nullptr) {
    return empty_client();
  }
  auto welcome = state_->ask<wire::Welcome>(wire::Ping{});
  if (!welcome) {
    return std::move(welcome).error();
  }
  return BrokerInfo{.socket = state_->context().where.path,
                    .version = std::move(welcome->broker),
                    .up = std::chrono::nanoseconds(welcome->up_ns),
                    .used_bytes = welcome->used_bytes,
                    .budget_bytes = welcome->budget_bytes,
                    .control_bytes = welcome->control_bytes};
}

Result<Event> Client::event(Timeout timeout) {
  return state_ == nullptr ? empty_client() : detail::next_event(*state_, timeout);
}

Result<int> Client::fd() {
  if (state_ == nullptr) {
    return empty_client();
  }
  auto session = state_->session();
  if (!session) {
    return std::move(session).error();
  }
  return state_->context().events->fd((*session)->socket());
}

void Client::interrupt() noexcept {
  if (state_ != nullptr && !detail::is_forked(state_->generation())) {
    state_->context().interruption->raise();
  }
}

}  // namespace tenure

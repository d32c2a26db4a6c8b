// SPDX-License-Identifier: Apache-2.0
#include "tests/process/raw_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace tenure::support {
namespace {

constexpr int kWatchdogMs = 20'000;

void wait_readable(int fd) {
  ::pollfd poll{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&poll, 1, kWatchdogMs) <= 0) {
    throw std::runtime_error("the broker does not answer");
  }
}

}  // namespace

RawClient::RawClient(const std::string& socket, std::optional<std::string> name)
    : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("connect " + socket + ": " + std::strerror(errno));
  }
  if (name) {
    session_ = ask_for<wire::Welcome>(wire::Hello{.client = *name}).session;
  }
}

std::uint64_t RawClient::send(wire::RequestBody body, const std::vector<int>& fds) {
  const std::uint64_t id = ++last_id_;
  send_bytes(wire::encode(wire::Request{.id = id, .body = std::move(body)}), fds);
  return id;
}

void RawClient::send_bytes(const std::string& bytes, const std::vector<int>& fds) {
  if (auto sent = os::send_packet(fd(), bytes, fds); !sent) {
    throw std::runtime_error(sent.error().message());
  }
}

std::optional<wire::Message> RawClient::receive() {
  wait_readable(fd());
  auto packet = os::receive_packet(fd());
  if (!packet) {
    return std::nullopt;
  }
  auto message = wire::decode_message(packet->bytes);
  if (!message) {
    throw std::runtime_error(message.error().message() + ": " + packet->bytes);
  }
  if (std::holds_alternative<wire::Reply>(*message)) {
    fds_ = std::move(packet->fds);
  }
  return *std::move(message);
}

wire::ReplyBody RawClient::reply(std::uint64_t id) {
  for (;;) {
    auto message = receive();
    if (!message) {
      throw std::runtime_error("the broker hung up");
    }
    if (auto* event = std::get_if<Event>(&*message)) {
      events_.push_back(std::move(*event));
    } else if (auto& got = std::get<wire::Reply>(*message); got.id == id) {
      return std::move(got.body);
    }
  }
}

Event RawClient::event() {
  while (events_.empty()) {
    auto message = receive();
    if (!message) {
      throw std::runtime_error("the broker hung up");
    }
    if (auto* event = std::get_if<Event>(&*message)) {
      events_.push_back(std::move(*event));
    }
  }
  Event first = std::move(events_.front());
  events_.erase(events_.begin());
  return first;
}

void RawClient::wait_for_end() {
  while (receive()) {
  }
}

std::string RawClient::text_of(const wire::ReplyBody& body) {
  const auto* error = std::get_if<Error>(&body);
  return error == nullptr ? "number " + std::to_string(body.index()) : error->message();
}

const os::UniqueFd& RawRole::fd(wire::Memory memory) const {
  for (const wire::Grant& grant : opened.grants) {
    if (grant.memory == memory) {
      return fds.at(grant.fd);
    }
  }
  throw std::runtime_error("not granted");
}

os::Mapping map_grant(const std::vector<os::UniqueFd>& fds, const wire::Grant& grant) {
  auto mapping = os::Mapping::map(
      fds.at(grant.fd).get(),
      grant.offset_bytes,
      grant.length_bytes,
      grant.right == wire::Right::write ? os::Protection::read_write : os::Protection::read);
  if (!mapping) {
    throw std::runtime_error(mapping.error().message());
  }
  return *std::move(mapping);
}

RawRole open_role(RawClient& client,
                  const std::string& name,
                  wire::OpenAs as,
                  std::chrono::nanoseconds timeout) {
  RawRole role;
  role.opened =
      client.ask_for<wire::Opened>(wire::Open{.name = name, .as = as, .timeout = timeout});
  role.fds = std::move(client.fds());
  for (const wire::Grant& grant : role.opened.grants) {
    os::Mapping& place = grant.memory == wire::Memory::head   ? role.head_map
                         : grant.memory == wire::Memory::bell ? role.bell_map
                                                              : role.data_map;
    place = map_grant(role.fds, grant);
  }
  return role;
}

wire::CreateTopic small_topic(const std::string& name, Lifetime lifetime) {
  wire::CreateTopic topic{.name = name, .options = {.schema = {{"x", DType::uint8, {64}}}}};
  topic.options.terms.lifetime = lifetime;
  topic.options.terms.pages = Pages::small;
  return topic;
}

}  // namespace tenure::support

// SPDX-License-Identifier: Apache-2.0
#include "client/lib/buffer_state.hpp"

#include <algorithm>
#include <utility>

#include "client/lib/deadline.hpp"
#include "client/lib/sealed_text.hpp"
#include "proto/layout/buffer_plan.hpp"
#include "proto/wire/codec.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::detail {
namespace {

Error corrupt(const std::string& what) {
  return {.code = Errc::corrupt, .detail = "the broker's answer: " + what};
}

Result<void> load_schema(wire::OpenedBuffer& opened, const std::vector<os::UniqueFd>& fds) {
  if (opened.schema_fd) {
    if (*opened.schema_fd >= fds.size()) {
      return corrupt("a schema without its fd");
    }
    const auto text = read_text(fds[*opened.schema_fd].get(), wire::kMaxSchemaBytes);
    if (!text) {
      return text.error();
    }
    auto schema = wire::decode_placed_schema(*text);
    if (!schema) {
      return corrupt("a schema that cannot be read");
    }
    opened.schema = *std::move(schema);
  }
  const bool is_shaped = opened.page_bytes != 0 && opened.size_bytes != 0 &&
                         opened.size_bytes % opened.page_bytes == 0;
  if (!is_shaped || !layout::check_placement(opened.schema, opened.size_bytes)) {
    return corrupt("constants out of range");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<BufferState>> BufferState::open(std::shared_ptr<ClientState> client,
                                                       std::string name,
                                                       Timeout timeout) {
  auto session = client->session();
  if (!session) {
    return std::move(session).error();
  }
  Result<std::shared_ptr<BufferState>> state = corrupt("something else than asked");
  const Session::Accept accept = [&](wire::ReplyBody&& reply, std::vector<os::UniqueFd>&& fds) {
    if (auto* opened = std::get_if<wire::OpenedBuffer>(&reply)) {
      auto loaded = load_schema(*opened, fds);
      // Made in any case: it closes the handle.
      auto made =
          std::make_shared<BufferState>(std::move(client), *session, name, std::move(*opened));
      state = loaded ? Result<std::shared_ptr<BufferState>>(std::move(made)) : loaded.error();
    }
  };
  const wire::Open request{.name = name, .as = wire::OpenAs::lend, .timeout = timeout.at_most()};
  if (auto called = (*session)->call(request, answer_deadline(timeout), accept); !called) {
    return std::move(called).error();
  }
  return state;
}

BufferState::BufferState(std::shared_ptr<ClientState> client,
                         std::shared_ptr<Session> session,
                         std::string name,
                         wire::OpenedBuffer opened)
    : client_(std::move(client)),
      session_(std::move(session)),
      generation_(fork_generation()),
      name_(std::move(name)),
      opened_(std::move(opened)) {
}

BufferState::~BufferState() {
  if (!is_forked(generation_)) {
    session_->send_close(opened_.handle);
  }
}

Result<void> BufferState::check_usable() const {
  return is_forked(generation_) ? forked_error() : Result<void>();
}

LendingPlace BufferState::place() const {
  return {.segment = name_, .handle = opened_.handle, .page_bytes = opened_.page_bytes};
}

Result<GrantedToken> BufferState::root() {
  if (opened_.root == 0 || !session_->take_once(opened_.root)) {
    return Error{.code = Errc::not_found,
                 .detail = name_ + ": no root borrow for this session, or none any more",
                 .hint =
                     "it goes to the session that created the buffer, once; borrow() asks the "
                     "broker"};
  }
  return GrantedToken{.segment = name_,
                      .id = opened_.root,
                      .mode = TokenMode::borrow,
                      .region = {.begin_bytes = 0, .end_bytes = opened_.size_bytes},
                      .page_bytes = opened_.page_bytes};
}

Result<Region> BufferState::region(std::string_view tensor) const {
  const auto found =
      std::ranges::find(opened_.schema, tensor, [](const FixedTensor& entry) -> std::string_view {
        return entry.spec.name;
      });
  if (found == opened_.schema.end()) {
    return Error{.code = Errc::not_found,
                 .detail = name_ + ": no tensor is called " + std::string(tensor),
                 .hint = "schema() lists the names"};
  }
  const std::uint64_t page = opened_.page_bytes;
  const std::uint64_t end = found->offset_bytes + *layout::bytes_of(found->spec);
  const std::uint64_t begin_page = found->offset_bytes / page;
  return Region{.begin_bytes = begin_page * page,
                .end_bytes = std::max((end + page - 1) / page, begin_page + 1) * page};
}

Result<void> BufferState::wait_returned(Timeout timeout) {
  auto done = session_->ask<wire::Done>(
      wire::WaitReturned{.handle = opened_.handle, .timeout = timeout.at_most()},
      answer_deadline(timeout));
  return done ? Result<void>() : std::move(done).error();
}

Result<std::shared_ptr<BufferState>> BufferState::reopened(Timeout timeout) const {
  std::shared_ptr<ClientState> client = client_;
  if (is_forked(client_->generation())) {
    auto own = client_->connect_again(timeout);
    if (!own) {
      return std::move(own).error();
    }
    client = *std::move(own);
  }
  return open(std::move(client), name_, timeout);
}

}  // namespace tenure::detail

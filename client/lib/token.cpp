// SPDX-License-Identifier: Apache-2.0
#include <tenure/token.hpp>

#include <utility>

#include "client/lib/token_state.hpp"

namespace tenure {
namespace {

// Errors: stale, forked
Result<void> check(const std::unique_ptr<detail::TokenState>& state) {
  if (state == nullptr) {
    return Error{.code = Errc::stale,
                 .detail = "an empty token: moved from, released or transferred"};
  }
  return state->check_usable();
}

template <class T, class Ask>
Result<T> if_usable(const std::unique_ptr<detail::TokenState>& state, Ask&& ask) {
  if (auto usable = check(state); !usable) {
    return std::move(usable).error();
  }
  return ask(*state);
}

template <class T>
Result<std::vector<T>> lend_all(const std::unique_ptr<detail::TokenState>& state,
                                std::span<const Region> regions,
                                const TokenOptions& options) {
  return if_usable<std::vector<T>>(state, [&](auto& token) -> Result<std::vector<T>> {
    auto lent = token.lend(detail::kModeOf<T>, regions, options);
    if (!lent) {
      return std::move(lent).error();
    }
    return detail::TokenAccess::make_all<T>(token.session(), *std::move(lent));
  });
}

template <class T>
Result<T> lend_one(const std::unique_ptr<detail::TokenState>& state,
                   const Region& region,
                   const TokenOptions& options) {
  return detail::TokenAccess::only(lend_all<T>(state, {&region, 1}, options));
}

}  // namespace

Token::Token() noexcept = default;
Token::Token(Token&& other) noexcept = default;
Token& Token::operator=(Token&& other) noexcept = default;
Token::~Token() = default;

Token::operator bool() const noexcept {
  return state_ != nullptr;
}
std::string_view Token::segment() const noexcept {
  return state_ == nullptr ? std::string_view() : state_->granted().segment;
}
Region Token::region() const noexcept {
  return state_ == nullptr ? Region{} : state_->granted().region;
}
std::uint64_t Token::id() const noexcept {
  return state_ == nullptr ? 0 : state_->granted().id;
}

Result<void> Token::detach() {
  return if_usable<void>(state_, [](auto& token) { return token.detach(); });
}

Result<void> Token::release() {
  auto done = if_usable<void>(state_, [](auto& token) { return token.release(); });
  if (done) {
    state_.reset();
  }
  return done;
}

Result<std::string> Token::transfer(TransferOptions options) {
  auto sent = if_usable<std::string>(state_, [&](auto& token) { return token.transfer(options); });
  if (sent) {
    state_.reset();
  }
  return sent;
}

Result<std::span<const std::byte>> Freeze::attach() {
  using Bytes = std::span<const std::byte>;
  return if_usable<Bytes>(state_, [](auto& token) -> Result<Bytes> {
    auto bytes = token.attach();
    return bytes ? Result<Bytes>(Bytes(*bytes)) : std::move(bytes).error();
  });
}

Result<Freeze> Freeze::freeze(Region region, TokenOptions options) {
  return lend_one<Freeze>(state_, region, options);
}

Result<TensorView> Freeze::tensor() const {
  return if_usable<TensorView>(state_, [](auto& token) -> Result<TensorView> {
    auto tensor = token.tensor();
    return tensor ? Result<TensorView>(TensorView(*tensor)) : std::move(tensor).error();
  });
}

Result<TensorView> Freeze::tensor(const Layout& layout) const {
  return if_usable<TensorView>(state_, [&](auto& token) -> Result<TensorView> {
    auto tensor = token.tensor(layout);
    return tensor ? Result<TensorView>(TensorView(*tensor)) : std::move(tensor).error();
  });
}

Result<std::span<std::byte>> Borrow::attach() {
  return if_usable<std::span<std::byte>>(state_, [](auto& token) { return token.attach(); });
}

Result<TensorSpan> Borrow::tensor() const {
  return if_usable<TensorSpan>(state_, [](auto& token) { return token.tensor(); });
}

Result<TensorSpan> Borrow::tensor(const Layout& layout) const {
  return if_usable<TensorSpan>(state_, [&](auto& token) { return token.tensor(layout); });
}

Result<std::vector<Borrow>> Borrow::split_even(std::size_t parts) {
  return if_usable<std::vector<Borrow>>(state_, [&](auto& token) -> Result<std::vector<Borrow>> {
    const Region whole = token.granted().region;
    const std::uint64_t page = token.granted().page_bytes;
    const std::uint64_t pages = (whole.end_bytes - whole.begin_bytes) / page;
    if (parts == 0 || parts > pages) {
      return Error{.code = Errc::bad_request,
                   .detail = std::to_string(parts) + " parts of " + std::to_string(pages) +
                             " pages; 1 to as many as there are pages are possible"};
    }
    std::vector<Region> regions;
    std::uint64_t begin = whole.begin_bytes;
    for (std::uint64_t part = 0; part < parts; ++part) {
      const std::uint64_t end = begin + (pages / parts + (part < pages % parts ? 1 : 0)) * page;
      regions.push_back({.begin_bytes = begin, .end_bytes = end});
      begin = end;
    }
    return lend_all<Borrow>(state_, regions, {});
  });
}

bool Borrow::poisoned() const noexcept {
  return state_ != nullptr && state_->granted().is_poisoned;
}

Result<void> Borrow::acknowledge() {
  return if_usable<void>(state_, [](auto& token) { return token.acknowledge(); });
}

Result<void> Borrow::wait_returned(Timeout timeout) {
  return if_usable<void>(state_, [&](auto& token) { return token.wait_returned(timeout); });
}

Result<Borrow> Borrow::borrow(Region region, TokenOptions options) {
  return lend_one<Borrow>(state_, region, options);
}

Result<Freeze> Borrow::freeze(Region region, TokenOptions options) {
  return lend_one<Freeze>(state_, region, options);
}

}  // namespace tenure

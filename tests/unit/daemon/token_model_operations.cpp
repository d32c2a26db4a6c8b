// SPDX-License-Identifier: Apache-2.0
// What a random operation does, and what the reference expects of it.
#include <algorithm>
#include <iterator>
#include <utility>

#include "tests/unit/daemon/token_model.hpp"

namespace tenure::core {
namespace {

constexpr std::size_t kMostTokens = 40;

}  // namespace

PageRange TokenModel::any_pages(const PageRange& within) {
  const std::uint64_t size = within.end - within.begin;
  const std::uint64_t begin = within.begin + below(size);
  const std::uint64_t most =
      one_in(4) ? within.end - begin : std::min(within.end - begin, below(6) + 1);
  PageRange pages{.begin = begin, .end = begin + 1 + below(most)};
  if (one_in(3)) {  // Whole grains.
    pages.begin = pages.begin / TokenReference::kGrainPages * TokenReference::kGrainPages;
    pages.end =
        std::min((pages.end / TokenReference::kGrainPages + 1) * TokenReference::kGrainPages,
                 TokenReference::kPages);
  }
  if (one_in(50)) {
    pages.end += below(3);
  }
  return one_in(200) ? PageRange{.begin = pages.end, .end = pages.begin} : pages;
}

std::uint64_t TokenModel::any_token() {
  if (one_in(50)) {
    return below(host_.last_token + 2);
  }
  return std::next(reference_.tokens.begin(),
                   static_cast<std::ptrdiff_t>(below(reference_.tokens.size())))
      ->first;
}

std::uint32_t TokenModel::holder_of(std::uint64_t token) {
  const auto found = reference_.tokens.find(token);
  return found == reference_.tokens.end() || one_in(20) ? any_session().session
                                                        : found->second.holder.session;
}

void TokenModel::lend() {
  const Holder who = any_session();
  Lending wish{.asker = {.session = who.session, .request = ++last_request_},
               .uid = who.uid,
               .mode = one_in(2) ? TokenMode::borrow : TokenMode::freeze,
               .layout = "layout"};
  if (!one_in(3)) {
    wish.issuer = any_token();
    if (const auto found = reference_.tokens.find(wish.issuer);
        found != reference_.tokens.end() && wish.issuer != kBrokersShare && !one_in(20)) {
      wish.asker.session = found->second.holder.session;
      wish.uid = found->second.holder.uid;
    }
  }
  const auto issuer = reference_.tokens.find(wish.issuer);
  const PageRange within = issuer == reference_.tokens.end()
                               ? PageRange{.begin = 0, .end = TokenReference::kPages}
                               : issuer->second.pages;
  for (std::uint64_t i = 0; i < (one_in(4) ? below(4) : 1); ++i) {
    wish.regions.push_back(any_pages(within));
  }
  if (one_in(2)) {
    wish.deadline = one_in(3) ? Time::max() : host_.time + Time(1 + below(200));
  }
  if (reference_.tokens.size() <= kMostTokens) {
    check_lending(wish);
  }
}

void TokenModel::check_lending(const Lending& wish) {
  operation_ = "lend";
  const Verdict verdict = reference_.judge(wish, reference_.waiting.size());
  const auto result = table_.lend(wish);
  if (!result) {
    check_refused(wish, verdict, result.error());
  } else if (!*result) {
    EXPECT_EQ(verdict, Verdict::held) << where();
    EXPECT_NE(wish.deadline, kDoNotWait) << where();
    reference_.waiting.push_back(wish);
  } else {
    EXPECT_EQ(verdict, Verdict::grant) << where();
    EXPECT_FALSE(reference_.would_mix(wish)) << where();
    reference_.grant(wish, **result);
  }
}

void TokenModel::check_refused(const Lending& wish, Verdict verdict, const Error& error) {
  switch (error.code) {
    case Errc::bad_request:
      EXPECT_EQ(verdict, Verdict::bad_request) << where() << error.message();
      break;
    case Errc::stale:
      EXPECT_EQ(verdict, Verdict::stale) << where() << error.message();
      break;
    case Errc::too_many:
      EXPECT_EQ(verdict, Verdict::too_many) << where() << error.message();
      break;
    case Errc::held:
      EXPECT_EQ(verdict, Verdict::held) << where() << error.message();
      EXPECT_EQ(wish.deadline, kDoNotWait) << where();
      break;
    case Errc::poisoned:
      EXPECT_EQ(verdict, Verdict::poisoned) << where() << error.message();
      break;
    case Errc::needs_grain:
      EXPECT_TRUE(verdict == Verdict::grant || verdict == Verdict::poisoned) << where();
      EXPECT_TRUE(reference_.may_mix(wish)) << where() << error.message();
      break;
    case Errc::still_mapped:
      EXPECT_EQ(verdict, Verdict::grant) << where();
      EXPECT_NE(host_.refusals, 0U) << where();
      break;
    case Errc::quota:
      EXPECT_EQ(verdict, Verdict::grant) << where();
      break;
    default:
      ADD_FAILURE() << where() << error.message();
  }
}

std::optional<Errc> TokenModel::expected_end(std::uint64_t token, std::uint32_t session) {
  const auto found = reference_.tokens.find(token);
  if (token == kBrokersShare || found == reference_.tokens.end() || found->second.ticket ||
      found->second.is_orphan || found->second.holder.session != session) {
    return Errc::stale;
  }
  if (found->second.is_attached) {
    return Errc::attached;
  }
  if (reference_.has_children(token)) {
    return Errc::has_children;
  }
  const bool is_kept =
      found->second.mode == TokenMode::borrow && host_.mapped.overlaps(found->second.pages);
  return is_kept ? std::optional(Errc::still_mapped) : std::nullopt;
}

bool TokenModel::check_end(const Result<void>& result, std::optional<Errc> expected) {
  EXPECT_EQ(result.has_value(), !expected) << where();
  if (!result && expected) {
    EXPECT_EQ(result.error().code, *expected) << where() << result.error().message();
  }
  return result.has_value();
}

void TokenModel::release() {
  operation_ = "release";
  const std::uint64_t token = any_token();
  const std::uint32_t session = holder_of(token);
  const auto expected = expected_end(token, session);
  if (check_end(table_.release(token, session), expected)) {
    reference_.give_back(token);
  }
}

void TokenModel::transfer() {
  operation_ = "transfer";
  const std::uint64_t token = any_token();
  const std::uint32_t session = holder_of(token);
  Ticket ticket{.text = "ticket " + std::to_string(++last_request_)};
  ticket.expiry = host_.time + Time(1 + below(300));
  if (one_in(4)) {
    ticket.to_uid = static_cast<std::uint32_t>(below(kUids));
  }
  if (one_in(4)) {
    ticket.to_session = any_session().session;
  }
  const auto expected = expected_end(token, session);
  if (check_end(table_.transfer(token, session, ticket), expected)) {
    reference_.tokens.at(token).ticket = ticket;
  }
}

void TokenModel::claim() {
  operation_ = "claim";
  const std::uint64_t token = any_token();
  const auto found = reference_.tokens.find(token);
  const bool is_there = found != reference_.tokens.end() && found->second.ticket;
  TokenTable::Claim claim{.token = token, .ticket = "", .holder = any_session()};
  const std::string text = is_there && !one_in(20) ? found->second.ticket->text : "ticket 0";
  claim.ticket = text;
  if (one_in(3)) {
    claim.mode = one_in(2) ? TokenMode::borrow : TokenMode::freeze;
  }
  const auto expected = expected_claim(claim);
  const auto result = table_.claim(claim);
  if (!result) {
    if (result.error().code == Errc::needs_grain) {
      EXPECT_FALSE(expected) << where();
      const auto& sent = found->second;
      EXPECT_TRUE(reference_.may_mix(
          {.uid = claim.holder.uid, .issuer = sent.issuer, .regions = {sent.pages}}))
          << where();
    } else {
      EXPECT_EQ(result.error().code, expected.value_or(Errc::corrupt)) << where();
    }
    return;
  }
  EXPECT_FALSE(expected) << where();
  reference_.move(token, *result, claim.holder);
}

std::optional<Errc> TokenModel::expected_claim(const TokenTable::Claim& claim) {
  const auto found = reference_.tokens.find(claim.token);
  if (found == reference_.tokens.end() || !found->second.ticket ||
      found->second.ticket->text != claim.ticket) {
    return Errc::stale;
  }
  const Ticket& ticket = *found->second.ticket;
  if (ticket.is_returned && ticket.to_session != claim.holder.session) {
    return Errc::stale;
  }
  if ((ticket.to_uid && *ticket.to_uid != claim.holder.uid) ||
      (ticket.to_session && *ticket.to_session != claim.holder.session)) {
    return Errc::denied;
  }
  if (claim.mode && *claim.mode != found->second.mode) {
    return Errc::bad_request;
  }
  return std::nullopt;
}

void TokenModel::attach() {
  operation_ = "attach";
  const std::uint64_t token = any_token();
  const std::uint32_t session = holder_of(token);
  std::optional<Errc> expected = expected_end(token, session);
  if (expected != Errc::stale && expected != Errc::attached) {
    expected = reference_.is_poisoned(reference_.tokens.at(token).pages)
                   ? std::optional(Errc::poisoned)
                   : std::nullopt;
  }
  if (check_end(table_.attach(token, session), expected)) {
    reference_.tokens.at(token).is_attached = true;
    reference_.tokens.at(token).was_attached = true;
  }
}

void TokenModel::detach() {
  operation_ = "detach";
  const std::uint64_t token = any_token();
  const std::uint32_t session = holder_of(token);
  const auto end = expected_end(token, session);
  const std::optional<Errc> expected = end == Errc::attached ? std::nullopt
                                       : end == Errc::stale  ? end
                                                             : Errc::not_attached;
  if (check_end(table_.detach(token, session), expected)) {
    reference_.tokens.at(token).is_attached = false;
  }
}

void TokenModel::acknowledge() {
  operation_ = "acknowledge";
  const std::uint64_t token = any_token();
  const std::uint32_t session = holder_of(token);
  std::optional<Errc> expected = expected_end(token, session);
  if (expected != Errc::stale) {
    expected = reference_.tokens.at(token).mode == TokenMode::freeze
                   ? std::optional(Errc::bad_request)
                   : std::nullopt;
  }
  if (check_end(table_.acknowledge(token, session), expected)) {
    const PageRange pages = reference_.tokens.at(token).pages;
    for (std::uint64_t page = pages.begin; page < pages.end; ++page) {
      reference_.poisoned.at(page) = false;
    }
  }
}

void TokenModel::wait_returned() {
  operation_ = "wait_returned";
  const std::uint64_t token = any_token();
  const Asker asker{.session = holder_of(token), .request = ++last_request_};
  const Time deadline = one_in(2) ? kDoNotWait : host_.time + Time(1 + below(200));
  const bool is_there = token == kBrokersShare || expected_end(token, asker.session) != Errc::stale;
  const auto result = table_.wait_returned(asker, token, deadline);
  if (!result) {
    EXPECT_EQ(result.error().code, is_there ? Errc::held : Errc::stale) << where();
    EXPECT_TRUE(!is_there || deadline == kDoNotWait) << where();
    return;
  }
  EXPECT_TRUE(is_there) << where();
  EXPECT_EQ(*result, !reference_.has_children(token)) << where();
  if (!*result) {
    reference_.waiting.push_back({.asker = asker, .issuer = token, .deadline = deadline});
  }
}

void TokenModel::cancel() {
  operation_ = "cancel";
  Asker asker{.session = any_session().session, .request = 1};
  if (!reference_.waiting.empty() && !one_in(10)) {
    asker = reference_.waiting.at(below(reference_.waiting.size())).asker;
  }
  const bool is_waiting = std::ranges::any_of(
      reference_.waiting, [&](const Lending& wish) { return wish.asker == asker; });
  EXPECT_EQ(table_.cancel(asker), is_waiting) << where();
}

void TokenModel::pass_time() {
  operation_ = "expire";
  host_.time += Time(below(100));
  host_.mapped = one_in(3) ? any_pages({.begin = 0, .end = TokenReference::kPages}) : PageRange{};
  table_.expire(host_.time);
  for (const std::uint64_t id : all_tokens()) {
    const auto found = reference_.tokens.find(id);
    if (found == reference_.tokens.end() || !found->second.ticket ||
        found->second.ticket->expiry > host_.time) {
      continue;
    }
    Ticket& ticket = *found->second.ticket;
    if (ticket.is_sender_dead) {
      reference_.give_back(id);
    } else {
      ticket.expiry = Time::max();
      ticket.is_returned = true;
      ticket.to_uid.reset();
      ticket.to_session = found->second.holder.session;
    }
  }
}

void TokenModel::die() {
  operation_ = "die";
  Holder& dying = sessions_.at(below(kSessions));
  table_.end_session(dying.session);
  std::erase_if(reference_.waiting,
                [&](const Lending& wish) { return wish.asker.session == dying.session; });
  for (const std::uint64_t id : all_tokens()) {
    const auto found = reference_.tokens.find(id);
    if (found == reference_.tokens.end() || found->second.is_orphan ||
        found->second.holder.session != dying.session) {
      continue;
    }
    if (!found->second.ticket) {
      bury(id);
    } else if (found->second.ticket->is_returned) {
      reference_.give_back(id);
    } else {
      found->second.ticket->is_sender_dead = true;
    }
  }
  dying = new_session(dying.uid);
}

void TokenModel::revoke() {
  operation_ = "revoke";
  const std::uint64_t token = any_token();
  const auto found = reference_.tokens.find(token);
  const bool is_there = token != kBrokersShare && found != reference_.tokens.end();
  const bool is_sent = is_there && found->second.ticket.has_value();
  EXPECT_EQ(table_.revoke(token).has_value(), is_there) << where();
  if (is_sent) {
    reference_.give_back(token);
  } else if (is_there && !found->second.is_orphan) {
    bury(token);
  }
}

void TokenModel::bury(std::uint64_t token) {
  const Token* left = table_.find_any(token);
  const bool stays = left != nullptr;
  EXPECT_TRUE(!stays || (left->is_orphan && reference_.may_stay(token))) << where();
  reference_.bury(token, stays);
}

}  // namespace tenure::core

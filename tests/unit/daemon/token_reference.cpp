// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/daemon/token_reference.hpp"

#include <algorithm>

namespace tenure::core {
namespace {

bool overlap(const Lending& a, const Lending& b) {
  return std::ranges::any_of(a.regions, [&](const PageRange& one) {
    return std::ranges::any_of(b.regions, [&](const PageRange& other) {
      return one.begin < other.end && other.begin < one.end;
    });
  });
}

bool asks_twice(const Lending& wish) {
  std::array<int, TokenReference::kPages> asked{};
  for (const PageRange& region : wish.regions) {
    for (std::uint64_t page = region.begin; page < region.end; ++page) {
      ++asked.at(page);
    }
  }
  return std::ranges::any_of(asked, [](int count) { return count > 1; });
}

std::uint64_t grain_of(std::uint64_t page) {
  return page / TokenReference::kGrainPages;
}

bool is_whole(std::uint64_t grain, const PageRange& pages) {
  const std::uint64_t begin = grain * TokenReference::kGrainPages;
  const std::uint64_t end = std::min(begin + TokenReference::kGrainPages, TokenReference::kPages);
  return pages.begin <= begin && end <= pages.end;
}

}  // namespace

TokenReference::TokenReference() {
  Held share{.pages = {.begin = 0, .end = kPages}};
  share.access.fill(Access::write);
  tokens.emplace(kBrokersShare, share);
}

TokenReference::Verdict TokenReference::judge(const Lending& wish, std::size_t turn) const {
  const auto issuer = tokens.find(wish.issuer);
  if (issuer == tokens.end() ||
      (wish.issuer != kBrokersShare && (issuer->second.ticket || issuer->second.is_orphan ||
                                        issuer->second.holder.session != wish.asker.session))) {
    return Verdict::stale;
  }
  const bool borrows = wish.mode == TokenMode::borrow;
  if (borrows && issuer->second.mode == TokenMode::freeze) {
    return Verdict::bad_request;
  }
  if (issuer->second.depth >= kMaxTokenDepth) {
    return Verdict::too_many;
  }
  for (const PageRange& region : wish.regions) {
    if (region.begin >= region.end || region.begin < issuer->second.pages.begin ||
        region.end > issuer->second.pages.end) {
      return Verdict::bad_request;
    }
  }
  if (wish.regions.empty() || (borrows && asks_twice(wish))) {
    return Verdict::bad_request;
  }
  bool is_poisoned_there = false;
  for (const PageRange& region : wish.regions) {
    for (std::uint64_t page = region.begin; page < region.end; ++page) {
      const Access has = issuer->second.access.at(page);
      if (has == Access::none || (borrows && has == Access::read)) {
        return Verdict::held;
      }
      is_poisoned_there = is_poisoned_there || poisoned.at(page);
    }
  }
  for (std::size_t earlier = 0; earlier < turn; ++earlier) {
    const Lending& other = waiting.at(earlier);
    if (other.issuer == wish.issuer && (borrows || other.mode == TokenMode::borrow) &&
        overlap(other, wish)) {
      return Verdict::held;
    }
  }
  return !borrows && is_poisoned_there ? Verdict::poisoned : Verdict::grant;
}

void TokenReference::grant(const Lending& wish, const std::vector<std::uint64_t>& ids) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    tokens.emplace(ids.at(i),
                   Held{.mode = wish.mode,
                        .pages = wish.regions.at(i),
                        .issuer = wish.issuer,
                        .holder = {.session = wish.asker.session, .uid = wish.uid},
                        .depth = tokens.at(wish.issuer).depth + 1});
    update_access(ids.at(i));
  }
  update_access(wish.issuer);
}

bool TokenReference::would_mix(const Lending& wish) const {
  TokenReference after = *this;
  std::vector<std::uint64_t> ids;
  for (std::size_t i = 0; i < wish.regions.size(); ++i) {
    ids.push_back(~std::uint64_t{0} - i);
  }
  after.grant(wish, ids);
  return !after.mixed_grain().empty();
}

bool TokenReference::may_mix(const Lending& wish) const {
  return std::ranges::any_of(wish.regions, [&](const PageRange& region) {
    for (std::uint64_t page = region.begin; page < region.end; ++page) {
      const std::uint64_t grain = grain_of(page);
      const bool is_shared = std::ranges::any_of(tokens, [&](const auto& entry) {
        const Held& other = entry.second;
        return entry.first != kBrokersShare && other.holder.uid != wish.uid &&
               grain_of(other.pages.begin) <= grain && grain <= grain_of(other.pages.end - 1);
      });
      if (!is_whole(grain, region) && is_shared) {
        return true;
      }
    }
    return false;
  });
}

std::string TokenReference::overlooked() const {
  for (std::size_t turn = 0; turn < waiting.size(); ++turn) {
    const Lending& wish = waiting.at(turn);
    const bool is_for_return = wish.regions.empty();
    if (is_for_return ? !has_children(wish.issuer) : judge(wish, turn) != Verdict::held) {
      return "request " + std::to_string(wish.asker.request) + " of session " +
             std::to_string(wish.asker.session) + " waits for nothing";
    }
  }
  return {};
}

void TokenReference::give_back(std::uint64_t id) {
  const std::uint64_t issuer = tokens.at(id).issuer;
  tokens.erase(id);
  update_access(issuer);
  if (tokens.at(issuer).is_orphan && !has_children(issuer)) {
    give_back(issuer);
  }
}

void TokenReference::move(std::uint64_t from, std::uint64_t to, const Holder& holder) {
  Held token = tokens.at(from);
  tokens.erase(from);
  token.holder = holder;
  token.ticket.reset();
  token.was_attached = false;
  tokens.emplace(to, token);
}

void TokenReference::bury(std::uint64_t id, bool stays) {
  Held& dead = tokens.at(id);
  for (std::uint64_t page = 0; page < kPages; ++page) {
    if (dead.was_attached && dead.access.at(page) == Access::write) {
      poisoned.at(page) = true;
    }
  }
  dead.is_attached = false;
  dead.is_orphan = stays;
  if (stays) {
    return;
  }
  for (auto& [child, token] : tokens) {
    if (token.issuer == id) {
      token.issuer = dead.issuer;
    }
  }
  give_back(id);
}

bool TokenReference::may_stay(std::uint64_t id) const {
  const Held& dead = tokens.at(id);
  const Held& issuer = tokens.at(dead.issuer);
  if (dead.issuer == kBrokersShare || issuer.mode == TokenMode::freeze || !has_children(id)) {
    return false;
  }
  for (std::uint64_t page = dead.pages.begin; page < dead.pages.end; ++page) {
    const std::uint64_t grain = grain_of(page);
    for (const auto& [other, held] : tokens) {
      if (other != kBrokersShare && other != id && held.holder.uid != issuer.holder.uid &&
          !is_whole(grain, held.pages) && grain_of(held.pages.begin) <= grain &&
          grain <= grain_of(held.pages.end - 1)) {
        return true;
      }
    }
  }
  return false;
}

bool TokenReference::has_children(std::uint64_t id) const {
  return std::ranges::any_of(tokens, [&](const auto& entry) {
    return entry.first != kBrokersShare && entry.second.issuer == id;
  });
}

bool TokenReference::is_poisoned(const PageRange& pages) const {
  for (std::uint64_t page = pages.begin; page < pages.end; ++page) {
    if (poisoned.at(page)) {
      return true;
    }
  }
  return false;
}

void TokenReference::update_access(std::uint64_t id) {
  Held& held = tokens.at(id);
  const Access all = held.mode == TokenMode::borrow ? Access::write : Access::read;
  for (std::uint64_t page = 0; page < kPages; ++page) {
    held.access.at(page) = held.pages.begin <= page && page < held.pages.end ? all : Access::none;
  }
  for (const auto& [child, token] : tokens) {
    if (child == kBrokersShare || token.issuer != id) {
      continue;
    }
    for (std::uint64_t page = token.pages.begin; page < token.pages.end; ++page) {
      held.access.at(page) = token.mode == TokenMode::borrow ? Access::none : Access::read;
    }
  }
}

// Over all holders: one writer or any number of readers.
std::string TokenReference::fault() const {
  for (std::uint64_t page = 0; page < kPages; ++page) {
    std::size_t writers = 0;
    std::size_t readers = 0;
    for (const auto& [id, held] : tokens) {
      if (id != kBrokersShare) {
        writers += held.access.at(page) == Access::write ? 1U : 0U;
        readers += held.access.at(page) == Access::read ? 1U : 0U;
      }
    }
    if (writers > 1 || (writers == 1 && readers != 0)) {
      return "page " + std::to_string(page) + " has " + std::to_string(writers) + " writers and " +
             std::to_string(readers) + " readers";
    }
  }
  return mixed_grain();
}

// Where one may write, the kernel lets it write the whole grain: nobody of another uid may have any
// of it. What is in a ticket or left behind by a dead one is nobody's to touch.
std::string TokenReference::mixed_grain() const {
  for (std::uint64_t grain = 0; grain <= grain_of(kPages - 1); ++grain) {
    std::set<std::uint32_t> writers;
    std::set<std::uint32_t> all;
    for (const auto& [id, held] : tokens) {
      if (id == kBrokersShare || held.is_orphan || held.ticket) {
        continue;
      }
      for (std::uint64_t page = 0; page < kPages; ++page) {
        if (grain_of(page) == grain && held.access.at(page) != Access::none) {
          all.insert(held.holder.uid);
          if (held.access.at(page) == Access::write) {
            writers.insert(held.holder.uid);
          }
        }
      }
    }
    if (!writers.empty() && all.size() > 1) {
      return "a writer shares grain " + std::to_string(grain) + " with another uid";
    }
  }
  return {};
}

}  // namespace tenure::core

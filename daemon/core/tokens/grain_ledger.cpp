// SPDX-License-Identifier: Apache-2.0
#include "daemon/core/tokens/grain_ledger.hpp"

#include <utility>

namespace tenure::core {

void GrainLedger::attach(const Token& token, const PageRange& pages, bool is_writable) {
  const PageRange touched = plan_.grains_of(pages);
  for (std::uint64_t index = touched.begin; index < touched.end; ++index) {
    Grain& grain = grains_[index];
    (is_writable ? grain.writing : grain.reading).insert(token.id);
    if (is_writable) {
      grain.writers.insert(token.holder.session);
      grain.writer_uid = token.holder.uid;
    }
  }
}

void GrainLedger::detach(const Token& token) {
  const PageRange touched = plan_.grains_of(token.pages);
  for (std::uint64_t index = touched.begin; index < touched.end; ++index) {
    grains_[index].writing.erase(token.id);
    grains_[index].reading.erase(token.id);
  }
}

// Whether nobody has the grain for writing once `token` has lost `pages`.
bool GrainLedger::is_alone(std::uint64_t grain, const Token& token, const PageRange& pages) const {
  const auto& writing = grains_[grain].writing;
  if (writing.empty()) {
    return true;
  }
  const bool is_its_own = writing.size() == 1 && writing.contains(token.id);
  return is_its_own && pages.contains(plan_.pages_of(grain));
}

// Nobody has a right to write the grain any more. False: somebody can, and is to be told.
bool GrainLedger::settle(std::uint64_t index, bool may_refuse) {
  Grain& grain = grains_[index];
  if (grain.must_move) {
    return true;  // Nobody gets this memory any more.
  }
  const GrainCheck check = memory_->check(index);
  if (check == GrainCheck::clean) {
    grain.writers.clear();
    grain.is_unchecked = false;
    return true;
  }
  if (check == GrainCheck::written && may_refuse && !grain.is_unchecked) {
    return false;
  }
  grain.must_move = true;
  return true;
}

bool GrainLedger::end_writing(const Token& token, const PageRange& pages) {
  const PageRange touched = plan_.grains_of(pages);
  for (std::uint64_t index = touched.begin; index < touched.end; ++index) {
    const bool needs_check = !grains_[index].writers.empty() && is_alone(index, token, pages);
    if (needs_check && !settle(index, true)) {
      return false;
    }
  }
  forget(token, pages);
  return true;
}

void GrainLedger::abandon_writing(const Token& token, const PageRange& pages) {
  const PageRange touched = plan_.grains_of(pages);
  for (std::uint64_t index = touched.begin; index < touched.end; ++index) {
    grains_[index].writing.erase(token.id);
    grains_[index].reading.erase(token.id);
    if (!grains_[index].writers.empty() && is_alone(index, token, pages)) {
      static_cast<void>(settle(index, false));
    }
  }
  forget(token, pages);
}

// Where others go on writing, a check would see them.
void GrainLedger::forget(const Token& token, const PageRange& pages) {
  const PageRange touched = plan_.grains_of(pages);
  for (std::uint64_t index = touched.begin; index < touched.end; ++index) {
    Grain& grain = grains_[index];
    if (pages.contains(plan_.pages_of(index))) {
      grain.writing.erase(token.id);
    }
    grain.is_unchecked = grain.is_unchecked || !grain.writing.empty();
  }
}

std::vector<std::uint64_t> GrainLedger::to_move(const PageRange& pages, std::uint32_t uid) const {
  std::vector<std::uint64_t> moving;
  const PageRange touched = plan_.grains_of(pages);
  for (std::uint64_t index = touched.begin; index < touched.end; ++index) {
    const Grain& grain = grains_[index];
    const bool is_foreign = handover_ == Handover::isolate && grain.writer_uid.value_or(uid) != uid;
    if (grain.must_move || is_foreign) {
      moving.push_back(index);
    }
  }
  return moving;
}

std::optional<std::uint64_t> GrainLedger::attached_to(std::uint64_t index) const {
  const Grain& grain = grains_[index];
  if (!grain.writing.empty()) {
    return *grain.writing.begin();
  }
  return grain.reading.empty() ? std::nullopt : std::optional(*grain.reading.begin());
}

std::uint32_t GrainLedger::writer_uid(std::uint64_t grain) const {
  return grains_[grain].writer_uid.value_or(0);
}

GrainLedger::Left GrainLedger::move(std::uint64_t grain) {
  Grain left = std::exchange(grains_[grain], Grain{});
  return {.writers = std::move(left.writers), .writer_uid = left.writer_uid.value_or(0)};
}

GrainLedger::Left GrainLedger::leave_all() const {
  Left left{};
  for (const Grain& grain : grains_) {
    left.writers.insert(grain.writers.begin(), grain.writers.end());
    left.writer_uid = grain.writer_uid.value_or(left.writer_uid);
  }
  return left;
}

}  // namespace tenure::core

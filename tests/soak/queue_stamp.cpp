// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/queue_stamp.hpp"

#include <cstring>
#include <span>

namespace tenure::soak {
namespace {

// Of the whole id, so that bundles differ in every word.
std::uint64_t word_of(const ItemId& id, std::uint64_t index) noexcept {
  return (id.pack() + index) * 0x9E37'79B9'7F4A'7C15U;
}
std::int64_t words_of(const QueueSpec& spec, const ItemId& id) noexcept {
  return static_cast<std::int64_t>(1 + id.number % spec.words);
}
std::uint64_t result_of(const ItemId& id) noexcept {
  return ~word_of(id, 0);
}

Note note_of(const std::uint64_t& packed) noexcept {
  return {.tag = packed, .attributes = std::as_bytes(std::span(&packed, 1))};
}

std::string find_result_fault(const Bundle& bundle, const ItemId& id) {
  const auto result = bundle.span<std::uint64_t>("result");
  if (!result) {
    return result.error().code == Errc::not_found ? "" : result.error().message();
  }
  return result->size() == 1 && result->front() == result_of(id) ? "" : "the result is another's";
}

}  // namespace

QueueOptions queue_options(const QueueSpec& spec) {
  return {.schema = {{"words", DType::uint64, {static_cast<std::int64_t>(spec.words)}},
                     {"result", DType::uint64, {1}}},
          .slots = spec.slots,
          .lanes = spec.lanes,
          .max_deliveries = spec.max_deliveries,
          .attribute_bytes = sizeof(std::uint64_t),
          .consume = spec.consume,
          .terms = {.lifetime = Lifetime::persistent, .pages = Pages::small}};
}

Result<void> fill(Draft& draft, const QueueSpec& spec, const ItemId& id) {
  auto tensor = draft.tensor("words", {words_of(spec, id)});
  if (!tensor) {
    return std::move(tensor).error();
  }
  const auto words = or_throw(tensor->as<std::uint64_t>());
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] = word_of(id, i);
  }
  const std::uint64_t packed = id.pack();
  return draft.set_note(note_of(packed));
}

Result<void> push_copy(Producer& producer,
                       const QueueSpec& spec,
                       const ItemId& id,
                       Timeout timeout,
                       std::vector<std::uint64_t>& words) {
  words.resize(static_cast<std::size_t>(words_of(spec, id)));
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] = word_of(id, i);
  }
  const std::uint64_t packed = id.pack();
  const std::span<const std::uint64_t> source(words);
  return producer.push({{"words", or_throw(TensorView::of(source, {words_of(spec, id)}))}},
                       note_of(packed),
                       timeout);
}

Result<void> change(Item& item, const ItemId& id) {
  auto result = item.writable<std::uint64_t>("result");
  if (!result) {
    return std::move(result).error();
  }
  result->front() = result_of(id);
  return {};
}

std::string find_fault(const Bundle& bundle, const QueueSpec& spec, bool may_be_half_changed) {
  const ItemId id = id_of(bundle);
  const std::uint64_t packed = id.pack();
  const auto attributes = bundle.note().attributes;
  if (attributes.size() != sizeof packed ||
      std::memcmp(attributes.data(), &packed, sizeof packed) != 0) {
    return describe(id) + " has another's attributes";
  }
  const auto words = bundle.span<std::uint64_t>("words");
  if (!words) {
    return describe(id) + ": " + words.error().message();
  }
  if (words->size() != static_cast<std::size_t>(words_of(spec, id))) {
    return describe(id) + " has another's shape";
  }
  for (std::size_t i = 0; i < words->size(); ++i) {
    if ((*words)[i] != word_of(id, i)) {
      return describe(id) + " has another's word " + std::to_string(i);
    }
  }
  const std::string fault = may_be_half_changed ? std::string() : find_result_fault(bundle, id);
  return fault.empty() ? fault : describe(id) + ": " + fault;
}

}  // namespace tenure::soak

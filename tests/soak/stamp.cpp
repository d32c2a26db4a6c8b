// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/stamp.hpp"

#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "tests/soak/random.hpp"

namespace tenure::soak {
namespace {

constexpr std::uint64_t kReadWhole = std::uint64_t{1} << 20U;
constexpr std::size_t kPageWords = 512;
constexpr std::size_t kTailWords = 8;

using Attributes = std::array<std::uint64_t, 2>;

bool has_tail(const TopicSpec& spec) {
  return spec.size_bytes >= 4096;
}
// The tail is left out of each fifth bundle.
bool has_tail(const TopicSpec& spec, std::uint64_t version) {
  return has_tail(spec) && version % 5 != 0;
}

std::uint64_t first_word(const TopicSpec& spec, std::uint64_t version) {
  return Random(spec.nonce ^ version).next();
}

// Bundles of more than a few words come in four lengths.
std::size_t count_of(const TopicSpec& spec, std::uint64_t version) {
  const std::size_t most = spec.size_bytes / sizeof(std::uint64_t);
  return most > 8 ? most - version % 4 : most;
}

void write_words(std::span<std::uint64_t> words, std::uint64_t first) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] = first + i;
  }
}

std::string word_fault(std::span<const std::uint64_t> words, std::uint64_t first, std::size_t i) {
  return "word " + std::to_string(i) + " of " + std::to_string(words.size()) + " is " +
         std::to_string(words[i]) + " instead of " + std::to_string(first + i);
}

std::string words_fault(std::span<const std::uint64_t> words,
                        std::uint64_t first,
                        std::size_t begin,
                        std::size_t step) {
  for (std::size_t i = begin; i < words.size(); i += step) {
    if (words[i] != first + i) {
      return word_fault(words, first, i);
    }
  }
  const std::size_t last = words.size() - 1;
  return words[last] == first + last ? std::string() : word_fault(words, first, last);
}

std::string note_fault(const Bundle& bundle, const TopicSpec& spec, std::uint64_t version) {
  const Note note = bundle.note();
  const Attributes wanted{version, spec.nonce};
  if (note.tag != version) {
    return "its tag says v" + std::to_string(note.tag);
  }
  const bool is_same = note.attributes.size() == sizeof wanted &&
                       std::memcmp(note.attributes.data(), wanted.data(), sizeof wanted) == 0;
  return is_same ? std::string() : "its attributes are another bundle's";
}

std::string tail_fault(const Bundle& bundle, const TopicSpec& spec, std::uint64_t version) {
  const auto tail = bundle.span<std::uint64_t>("tail");
  if (!has_tail(spec, version)) {
    const bool is_absent = !tail && tail.error().code == Errc::not_found;
    return is_absent ? std::string() : "its tail is there, or refused otherwise";
  }
  if (!tail) {
    return "tail: " + tail.error().message();
  }
  return words_fault(*tail, ~first_word(spec, version), 0, 1);
}

std::span<const std::byte> bytes_of(const Attributes& attributes) {
  return std::as_bytes(std::span(attributes));
}

}  // namespace

TopicOptions topic_options(const TopicSpec& spec) {
  TopicOptions options;
  options.schema = {{"words", DType::uint64, {static_cast<std::int64_t>(spec.size_bytes / 8)}}};
  if (has_tail(spec)) {
    options.schema.push_back({"tail", DType::uint64, {kTailWords}});
  }
  options.slots = spec.slots;
  options.retention = spec.is_lossless ? Retention::lossless : Retention::overwrite;
  options.stamp = Stamp::monotonic;
  options.terms.lifetime = Lifetime::persistent;
  options.terms.pages = Pages::small;  // Collapsing takes longer than a round.
  return options;
}

Result<void> fill(Draft& draft, const TopicSpec& spec, std::uint64_t version) {
  const std::uint64_t first = first_word(spec, version);
  const auto count = static_cast<std::int64_t>(count_of(spec, version));
  const auto words = draft.tensor("words", {count});
  if (!words) {
    return words.error();
  }
  write_words(words->unsafe_as<std::uint64_t>(), first);
  if (has_tail(spec, version)) {
    const auto tail = draft.span<std::uint64_t>("tail");
    if (!tail) {
      return tail.error();
    }
    write_words(*tail, ~first);
  }
  const Attributes attributes{version, spec.nonce};
  return draft.set_note({.tag = version, .attributes = bytes_of(attributes)});
}

Result<std::uint64_t> publish_copy(Publisher& publisher,
                                   const TopicSpec& spec,
                                   std::uint64_t version,
                                   std::vector<std::uint64_t>& words) {
  words.resize(count_of(spec, version));
  std::array<std::uint64_t, kTailWords> tail{};
  write_words(words, first_word(spec, version));
  write_words(tail, ~first_word(spec, version));
  std::vector<NamedTensor> tensors{
      {"words",
       TensorView::of(std::span(words), {static_cast<std::int64_t>(words.size())}).value()}};
  if (has_tail(spec, version)) {
    tensors.push_back({"tail", TensorView::of(std::span(tail), {kTailWords}).value()});
  }
  const Attributes attributes{version, spec.nonce};
  return publisher.publish(tensors,
                           {.tag = version, .attributes = bytes_of(attributes)},
                           std::chrono::milliseconds(500));
}

std::string find_fault(const Bundle& bundle, const TopicSpec& spec, std::uint64_t version) {
  if (auto fault = note_fault(bundle, spec, version); !fault.empty()) {
    return fault;
  }
  const auto words = bundle.span<std::uint64_t>("words");
  if (!words) {
    return "words: " + words.error().message();
  }
  if (words->size() != count_of(spec, version)) {
    return std::to_string(words->size()) + " words instead of " +
           std::to_string(count_of(spec, version));
  }
  const bool is_whole = spec.size_bytes <= kReadWhole || version % 8 == 0;
  auto fault =
      is_whole ? words_fault(*words, first_word(spec, version), 0, 1)
               : words_fault(*words, first_word(spec, version), version % kPageWords, kPageWords);
  if (fault.empty() && has_tail(spec)) {
    fault = tail_fault(bundle, spec, version);
  }
  return fault;
}

}  // namespace tenure::soak

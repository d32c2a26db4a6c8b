// SPDX-License-Identifier: Apache-2.0
/// Enumerators as they stand in packets: spelled as in C++, in the order of their numbers.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include <tenure/client.hpp>

#include "proto/wire/messages.hpp"

namespace tenure::wire {

template <class E>
struct EnumNames;

template <>
struct EnumNames<Kind> {
  static constexpr std::array<std::string_view, 3> kAll{"topic", "queue", "buffer"};
};
template <>
struct EnumNames<Lifetime> {
  static constexpr std::array<std::string_view, 2> kAll{"session", "persistent"};
};
template <>
struct EnumNames<Pages> {
  static constexpr std::array<std::string_view, 2> kAll{"huge", "small"};
};
template <>
struct EnumNames<Stamp> {
  static constexpr std::array<std::string_view, 2> kAll{"none", "monotonic"};
};
template <>
struct EnumNames<Retention> {
  static constexpr std::array<std::string_view, 2> kAll{"overwrite", "lossless"};
};
template <>
struct EnumNames<Access> {
  static constexpr std::array<std::string_view, 2> kAll{"subscribe", "observe"};
};
template <>
struct EnumNames<OpenAs> {
  static constexpr std::array<std::string_view, 6> kAll{
      "publish", "subscribe", "observe", "lend", "produce", "consume"};
};
template <>
struct EnumNames<WhenFull> {
  static constexpr std::array<std::string_view, 2> kAll{"wait", "drop_oldest"};
};
template <>
struct EnumNames<Consume> {
  static constexpr std::array<std::string_view, 3> kAll{"read", "in_place", "repeatable"};
};
template <>
struct EnumNames<Root> {
  static constexpr std::array<std::string_view, 2> kAll{"creator", "broker"};
};
template <>
struct EnumNames<Handover> {
  static constexpr std::array<std::string_view, 2> kAll{"share", "isolate"};
};
template <>
struct EnumNames<TokenMode> {
  static constexpr std::array<std::string_view, 2> kAll{"borrow", "freeze"};
};
template <>
struct EnumNames<TokenInfo::State> {
  static constexpr std::array<std::string_view, 4> kAll{"held", "attached", "ticket", "orphaned"};
};
template <>
struct EnumNames<Memory> {
  static constexpr std::array<std::string_view, 3> kAll{"head", "bell", "data"};
};
template <>
struct EnumNames<Right> {
  static constexpr std::array<std::string_view, 2> kAll{"read", "write"};
};
template <>
struct EnumNames<Event::What> {
  static constexpr std::array<std::string_view, 6> kAll{
      "ticket", "returned", "superseded", "removed", "publisher_gone", "broker_back"};
};

/// Index of `name` in `names`.
[[nodiscard]] constexpr std::optional<std::size_t> index_of(
    std::string_view name, std::span<const std::string_view> names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) {
      return i;
    }
  }
  return std::nullopt;
}

/// "unknown" for a number that is none of the enumerators.
template <class E>
[[nodiscard]] constexpr std::string_view enumerator_name(E value) noexcept {
  const auto index = static_cast<std::size_t>(value);
  return index < EnumNames<E>::kAll.size() ? EnumNames<E>::kAll[index] : "unknown";
}

}  // namespace tenure::wire

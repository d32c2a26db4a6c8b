// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/attendance.hpp"

#include <stdexcept>
#include <string>

namespace digits {
namespace {

constexpr std::uint64_t kChecksumMask = (std::uint64_t{1} << 48) - 1;

// FNV-1a, a byte at a time: the same on every machine.
class Hash {
 public:
  void add(std::uint8_t byte) noexcept { state_ = (state_ ^ byte) * 0x00000100000001b3U; }
  void add(std::uint64_t number) noexcept {
    for (int shift = 0; shift < 64; shift += 8) {
      add(static_cast<std::uint8_t>(number >> shift));
    }
  }
  // Its upper bits, which depend on every byte.
  [[nodiscard]] std::uint64_t value() const noexcept { return state_ >> 16; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325U;
};

}  // namespace

void Attendance::note(std::uint64_t epoch, std::uint32_t id, std::span<const std::uint8_t> image) {
  if (id >= samples_) {
    throw std::out_of_range("a sample of id " + std::to_string(id) + ", of " +
                            std::to_string(samples_));
  }
  const auto there = present_.try_emplace(epoch, samples_).first;
  auto&& present = there->second[id];
  (present ? twice_ : once_) += 1;
  present = true;

  Hash hash;
  hash.add(epoch);
  hash.add(std::uint64_t{id});
  for (const std::uint8_t pixel : image) {
    hash.add(pixel);
  }
  // A sum: the order does not matter, and what comes twice counts twice.
  sum_ += hash.value();
}

std::uint64_t Attendance::missing() const noexcept {
  return epochs() * samples_ - once_;
}

std::uint64_t Attendance::checksum() const noexcept {
  return sum_ & kChecksumMask;
}

}  // namespace digits

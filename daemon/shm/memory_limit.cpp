// SPDX-License-Identifier: Apache-2.0
#include "daemon/shm/memory_limit.hpp"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

namespace tenure::shm {
namespace {

// "0::/system.slice/tenured.service" is the line of the unified hierarchy.
std::string cgroup_path() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::/")) {
      return line.substr(4);
    }
  }
  return {};
}

std::optional<std::uint64_t> read_number(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string text;
  std::uint64_t number = 0;
  if (!(file >> text)) {
    return std::nullopt;
  }
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() ? std::optional(number) : std::nullopt;  // "max" is no number.
}

// The value of `key` in lines like "key 123" or "key: 123 kB".
std::optional<std::uint64_t> read_value(const std::filesystem::path& path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t value = 0;
    if (words >> name >> value && name == key) {
      return value;
    }
  }
  return std::nullopt;
}

// Calls visit(group) for this process's cgroup and each parent.
template <class Visit>
void for_each_cgroup(Visit visit) {
  const std::filesystem::path root("/sys/fs/cgroup");
  for (std::filesystem::path group = root / cgroup_path();; group = group.parent_path()) {
    visit(group);
    if (group == root || group == group.root_path()) {
      return;
    }
  }
}

void lower_to(MemoryLimit& limit, std::uint64_t bytes, const std::filesystem::path& source) {
  if (bytes < limit.bytes) {
    limit = {.bytes = bytes, .source = source.string()};
  }
}

MemoryLimit machine_memory() {
  return {.bytes = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                   static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)),
          .source = "RAM"};
}

}  // namespace

MemoryLimit memory_limit() {
  MemoryLimit limit = machine_memory();
  for_each_cgroup([&](const std::filesystem::path& group) {
    if (const auto bytes = read_number(group / "memory.max")) {
      lower_to(limit, *bytes, group / "memory.max");
    }
  });
  return limit;
}

MemoryLimit available_memory() {
  constexpr std::uint64_t kibibyte = 1024;
  MemoryLimit available = machine_memory();
  if (const auto free = read_value("/proc/meminfo", "MemAvailable:")) {
    lower_to(available, *free * kibibyte, "/proc/meminfo");
  }
  for_each_cgroup([&](const std::filesystem::path& group) {
    const auto most = read_number(group / "memory.max");
    const auto used = read_number(group / "memory.current");
    if (most && used) {
      // Pages of files go when memory is wanted; those of shared memory do not count as such.
      const std::uint64_t files = read_value(group / "memory.stat", "inactive_file").value_or(0) +
                                  read_value(group / "memory.stat", "active_file").value_or(0);
      const std::uint64_t taken = *used > files ? *used - files : 0;
      lower_to(available, *most > taken ? *most - taken : 0, group / "memory.max");
    }
  });
  return available;
}

Result<void> check_available(std::uint64_t wanted_bytes) {
  const MemoryLimit available = available_memory();
  if (wanted_bytes <= available.bytes) {
    return {};
  }
  return Error{.code = Errc::no_memory,
               .count = available.bytes,
               .detail = std::to_string(wanted_bytes) + " bytes asked for, " +
                         std::to_string(available.bytes) + " available by " + available.source};
}

}  // namespace tenure::shm

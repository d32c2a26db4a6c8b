// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/leftovers.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

namespace tenure::soak {
namespace {

namespace fs = std::filesystem;

pid_t parent_of(const fs::path& process) {
  std::ifstream file(process / "stat");
  std::string text;
  std::getline(file, text);
  const std::size_t end_of_name = text.rfind(')');  // A name may contain anything.
  char state = 0;
  pid_t parent = 0;
  if (end_of_name != std::string::npos) {
    std::istringstream(text.substr(end_of_name + 1)) >> state >> parent;
  }
  return parent;
}

std::uint64_t number_in(const fs::path& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  return file >> number ? number : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace

BrokerUse use_of(pid_t broker) {
  BrokerUse use;
  const fs::path process = "/proc/" + std::to_string(broker);
  std::error_code ignored;
  for (const auto& fd : fs::directory_iterator(process / "fd", ignored)) {
    ++use.fds;
    const std::string target = fs::read_symlink(fd.path(), ignored).string();
    use.memfds += target.starts_with("/memfd:") ? 1U : 0U;
  }
  std::ifstream maps(process / "maps");
  for (std::string line; std::getline(maps, line);) {
    use.maps += line.find("/memfd:") != std::string::npos ? 1U : 0U;
  }
  return use;
}

void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

std::vector<pid_t> other_children(pid_t broker) {
  std::vector<pid_t> children;
  std::error_code ignored;
  for (const auto& process : fs::directory_iterator("/proc", ignored)) {
    const std::string name = process.path().filename().string();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc() || pid == broker || parent_of(process.path()) != ::getpid()) {
      continue;
    }
    if (::waitpid(pid, nullptr, WNOHANG) == 0) {
      children.push_back(pid);
    }
  }
  return children;
}

std::uint64_t available_bytes() {
  std::ifstream file("/proc/meminfo");
  std::uint64_t available = 0;
  for (std::string label; file >> label && label != "MemAvailable:";) {
  }
  file >> available;
  available *= 1024;
  const std::uint64_t limit = number_in("/sys/fs/cgroup/memory.max");
  const std::uint64_t used = number_in("/sys/fs/cgroup/memory.current");
  return limit > used && limit != std::numeric_limits<std::uint64_t>::max()
             ? std::min(available, limit - used)
             : available;
}

}  // namespace tenure::soak

// SPDX-License-Identifier: Apache-2.0
#include "client/examples/digits/demo/memfds.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <system_error>

namespace digits {
namespace {

constexpr std::string_view kMemfd = "/memfd:";

// A line of maps: addresses, rights, offset, device, inode, path.
Inodes read_maps(const std::string& path) {
  Inodes inodes;
  std::ifstream maps(path);
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::string skipped;
    std::string name;
    std::uint64_t inode = 0;
    words >> skipped >> skipped >> skipped >> skipped >> inode >> name;
    if (name.starts_with(kMemfd)) {
      inodes.insert(inode);
    }
  }
  return inodes;
}

bool meet(const Inodes& a, const Inodes& b) {
  return std::ranges::any_of(a, [&](std::uint64_t inode) { return b.contains(inode); });
}

// Appends the fds of one process. Processes and their fds come and go meanwhile: what cannot be
// looked at any more is not left over.
void append_fds(const std::filesystem::path& process,
                const Inodes& memfds,
                std::vector<std::string>& places) {
  std::error_code gone;
  for (std::filesystem::directory_iterator fd(process / "fd", gone), end; !gone && fd != end;
       fd.increment(gone)) {
    std::error_code closed;
    const std::string target = std::filesystem::read_symlink(fd->path(), closed).string();
    struct stat file{};
    if (!closed && target.starts_with(kMemfd) && ::stat(fd->path().c_str(), &file) == 0 &&
        memfds.contains(file.st_ino)) {
      places.push_back(fd->path().string());
    }
  }
}

}  // namespace

Inodes memfds_mapped_by(pid_t pid) {
  return read_maps("/proc/" + std::to_string(pid) + "/maps");
}

std::vector<std::string> places_of(const Inodes& memfds) {
  std::vector<std::string> places;
  std::error_code gone;
  for (std::filesystem::directory_iterator process("/proc", gone), end; !gone && process != end;
       process.increment(gone)) {
    const std::string name = process->path().filename().string();
    if (!std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; })) {
      continue;
    }
    const std::string maps = process->path().string() + "/maps";
    if (meet(read_maps(maps), memfds)) {
      places.push_back(maps);
    }
    append_fds(process->path(), memfds, places);
  }
  return places;
}

}  // namespace digits

// SPDX-License-Identifier: Apache-2.0
#include "client/cli/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include "proto/os/unique_fd.hpp"

namespace tenure::cli {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 20U;

Error system_error(std::string_view doing, int number) {
  const Errc code = number == ENOENT                       ? Errc::not_found
                    : number == EACCES || number == EPERM  ? Errc::denied
                    : number == ENOSPC || number == EDQUOT ? Errc::no_memory
                                                           : Errc::bad_request;
  return {.code = code,
          .sys_errno = number,
          .detail = "cannot " + std::string(doing) + ": " + std::strerror(number)};
}

// One more than what the file says it has, so that its end is seen without growing.
std::size_t first_room(int fd) {
  struct stat status{};
  const bool has_size = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  return has_size ? static_cast<std::size_t>(status.st_size) + 1 : kChunkBytes;
}

Result<std::vector<std::byte>> read_all(int fd) {
  try {
    std::vector<std::byte> bytes(first_room(fd));
    std::size_t size = 0;
    for (;;) {
      if (size == bytes.size()) {
        bytes.resize(bytes.size() + std::max(kChunkBytes, bytes.size() / 2));
      }
      const ssize_t got = ::read(fd, bytes.data() + size, bytes.size() - size);
      if (got == 0) {
        bytes.resize(size);
        return bytes;
      }
      if (got > 0) {
        size += static_cast<std::size_t>(got);
      } else if (errno != EINTR) {
        return system_error("read it", errno);
      }
    }
  } catch (const std::bad_alloc&) {
    return Error{.code = Errc::no_memory, .detail = "it does not fit into memory"};
  }
}

Result<void> write_all(int fd, std::span<const std::span<const std::byte>> parts) {
  for (std::span<const std::byte> rest : parts) {
    while (!rest.empty()) {
      const ssize_t written = ::write(fd, rest.data(), rest.size());
      if (written >= 0) {
        rest = rest.subspan(static_cast<std::size_t>(written));
      } else if (errno != EINTR) {
        return system_error("write it", errno);
      }
    }
  }
  return {};
}

// A file that vanishes unless it is renamed.
class DraftFile {
 public:
  explicit DraftFile(const std::string& path) : name_(path + ".XXXXXX") {
    fd_.reset(::mkostemp(name_.data(), O_CLOEXEC));
  }
  ~DraftFile() {
    if (fd_) {
      ::unlink(name_.c_str());
    }
  }
  DraftFile(const DraftFile&) = delete;
  DraftFile& operator=(const DraftFile&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  // Gives it the mode of a new file and the name `path`.
  Result<void> commit(const std::string& path) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(fd_.get(), 0666 & ~mask) != 0 || ::fsync(fd_.get()) != 0 ||
        ::rename(name_.c_str(), path.c_str()) != 0) {
      return system_error("write it", errno);
    }
    fd_.reset();
    return {};
  }

 private:
  std::string name_;
  os::UniqueFd fd_;
};

}  // namespace

Result<std::vector<std::byte>> read_file(const std::string& path) {
  if (path == "-") {
    return read_all(STDIN_FILENO);
  }
  const os::UniqueFd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return opened ? read_all(opened.get()) : system_error("open it", errno);
}

Result<void> write_file(const std::string& path,
                        std::span<const std::span<const std::byte>> parts) {
  if (path == "-") {
    return write_all(STDOUT_FILENO, parts);
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    const os::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return fd ? write_all(fd.get(), parts) : system_error("open it", errno);
  }
  DraftFile draft(path);
  if (draft.fd() < 0) {
    return system_error("create it", errno);
  }
  if (auto written = write_all(draft.fd(), parts); !written) {
    return written;
  }
  return draft.commit(path);
}

}  // namespace tenure::cli

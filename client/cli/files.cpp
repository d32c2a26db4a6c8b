// SPDX-License-Identifier: Apache-2.0
#include "client/cli/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
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

// The file that open() would reach by `path`, through links: it is replaced, not a link to it.
std::string behind_links(const std::string& path) {
  constexpr int kMostLinks = 40;  // As the kernel's.
  std::filesystem::path target(path);
  std::error_code error;
  for (int i = 0; i < kMostLinks && std::filesystem::is_symlink(target, error); ++i) {
    target = target.parent_path() / std::filesystem::read_symlink(target, error);
  }
  return target;
}

// SIGINT and SIGTERM wait while it lives.
class SignalsHeldBack {
 public:
  SignalsHeldBack() noexcept {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGINT);
    ::sigaddset(&signals, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~SignalsHeldBack() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

 private:
  sigset_t before_{};
};

// A file that vanishes unless it is committed. It has no name until then, so that nothing is left
// of it whenever the process ends; on file systems that cannot do that (NFS), a name of its own.
class DraftFile {
 public:
  explicit DraftFile(std::string path) : path_(std::move(path)) {
    const std::string folder = path_.substr(0, path_.rfind('/') + 1);
    if (::access("/proc/self/fd", X_OK) == 0) {  // What gives it a name.
      fd_.reset(
          ::open(folder.empty() ? "." : folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600));
    }
    if (!fd_) {
      name_ = path_ + ".XXXXXX";
      fd_.reset(::mkostemp(name_.data(), O_CLOEXEC));
    }
  }
  ~DraftFile() {
    if (fd_ && !name_.empty()) {
      ::unlink(name_.c_str());
    }
  }
  DraftFile(const DraftFile&) = delete;
  DraftFile& operator=(const DraftFile&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  // Gives it `mode` and its name, in place of a file that has it.
  Result<void> commit(mode_t mode) {
    if (::fchmod(fd_.get(), mode) != 0 || ::fsync(fd_.get()) != 0) {
      return system_error("write it", errno);
    }
    const SignalsHeldBack held_back;  // Between two names of the draft.
    if ((name_.empty() && !link()) || ::rename(name_.c_str(), path_.c_str()) != 0) {
      return system_error("write it", errno);
    }
    fd_.reset();
    return {};
  }

 private:
  // A name for what has none. rename() has to follow: linkat() replaces nothing.
  bool link() {
    constexpr int kAttempts = 100;
    const std::string unnamed = "/proc/self/fd/" + std::to_string(fd_.get());
    for (int i = 0; i < kAttempts; ++i) {
      name_ = path_ + "." + std::to_string(::getpid()) + "-" + std::to_string(i);
      if (::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, name_.c_str(), AT_SYMLINK_FOLLOW) == 0) {
        return true;
      }
      if (errno != EEXIST) {
        break;
      }
    }
    name_.clear();
    return false;
  }

  std::string path_;
  std::string name_;
  os::UniqueFd fd_;
};

mode_t mode_of_new_file() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

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
  const bool is_there = ::stat(path.c_str(), &status) == 0;
  if (is_there && !S_ISREG(status.st_mode)) {
    const os::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return fd ? write_all(fd.get(), parts) : system_error("open it", errno);
  }
  DraftFile draft(behind_links(path));
  if (draft.fd() < 0) {
    return system_error("create it", errno);
  }
  if (auto written = write_all(draft.fd(), parts); !written) {
    return written;
  }
  return draft.commit(is_there ? status.st_mode & 07777 : mode_of_new_file());
}

}  // namespace tenure::cli

// SPDX-License-Identifier: Apache-2.0
#include "daemon/shm/memfd.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "daemon/shm/fork_lock.hpp"
#include "proto/os/kernel.hpp"

namespace tenure::shm {
namespace {

Error system_error(const char* call, int error) {
  Errc code = Errc::no_memory;
  std::string hint;
  if (error == EMFILE || error == ENFILE) {
    code = Errc::too_many;
    hint = "raise the broker's RLIMIT_NOFILE";
  } else if (error == EAGAIN) {
    code = Errc::held;
    hint = "a process of the broker's uid has a lease on this memory";
  }
  return {.code = code,
          .sys_errno = error,
          .detail = std::string(call) + ": " + ::strerrordesc_np(error),
          .hint = std::move(hint)};
}

os::UniqueFd create_memfd(const std::string& label) {
  const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  if (os::is_unmasked(os::Feature::noexec_seal)) {
    os::UniqueFd fd(::memfd_create(label.c_str(), flags | os::kMfdNoexecSeal));
    if (fd || errno != EINVAL) {
      return fd;
    }
  }
  return os::UniqueFd(::memfd_create(label.c_str(), flags));
}

// O_NONBLOCK: a lease that a process of our uid holds must not stop the broker.
Result<os::UniqueFd> reopen(int fd, int mode) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  os::UniqueFd opened(::open(path.c_str(), mode | O_CLOEXEC | O_NONBLOCK));
  if (!opened) {
    return system_error("open", errno);
  }
  return opened;
}

// Sized, 0600 (a memfd is born 0777 or 0666: another uid could reopen a read-only fd read-write),
// sealed, and every page taken now: nobody meets SIGBUS later.
Result<void> prepare(int fd, std::uint64_t size_bytes) {
  const auto size = static_cast<::off_t>(size_bytes);
  if (::ftruncate(fd, size) != 0) {
    return system_error("ftruncate", errno);
  }
  if (::fchmod(fd, S_IRUSR | S_IWUSR) != 0) {
    return system_error("fchmod", errno);
  }
  if (::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return system_error("F_ADD_SEALS", errno);
  }
  while (::fallocate(fd, 0, 0, size) != 0) {
    if (errno != EINTR) {
      return system_error("fallocate", errno);
    }
  }
  return {};
}

}  // namespace

Result<NewMemfd> Memfd::make(const std::string& label, std::uint64_t size_bytes) {
  const auto lock = hold_off_fork();
  const os::UniqueFd creating = create_memfd(label);
  if (!creating) {
    return system_error("memfd_create", errno);
  }
  if (auto prepared = prepare(creating.get(), size_bytes); !prepared) {
    Error error = prepared.error();
    error.detail += " (" + std::to_string(size_bytes) + " bytes for " + label + ")";
    return error;
  }
  auto rest = reopen(creating.get(), O_RDONLY);
  if (!rest) {
    return rest.error();
  }
  auto mapping = os::Mapping::map(creating.get(), 0, size_bytes, os::Protection::read_write);
  if (!mapping) {
    return mapping.error();
  }
  NewMemfd made{.memfd = {}, .mapping = std::move(*mapping)};
  made.memfd.size_bytes_ = size_bytes;
  made.memfd.rest_ = std::move(*rest);
  return made;
}

Result<SharedFd> Memfd::share_read_only() {
  if (SharedFd there = readers_.lock()) {
    return there;
  }
  auto opened = reopen(rest_.get(), O_RDONLY);
  if (!opened) {
    return opened.error();
  }
  SharedFd shared = std::make_shared<const os::UniqueFd>(std::move(*opened));
  readers_ = shared;
  return shared;
}

Result<SharedFd> Memfd::open_read_write() const {
  return open_not_in_children([this] { return reopen(rest_.get(), O_RDWR); });
}

Writers Memfd::writers() const noexcept {
  return check_writers(rest_.get());
}

Result<os::Mapping> Memfd::map_read_only() const {
  return os::Mapping::map(rest_.get(), 0, size_bytes_, os::Protection::read);
}

void Memfd::punch_out() const noexcept {
  const auto lock = hold_off_fork();
  const std::string path = "/proc/self/fd/" + std::to_string(rest_.get());
  const os::UniqueFd writable(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (writable) {
    ::fallocate(writable.get(),
                FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                0,
                static_cast<::off_t>(size_bytes_));
  }
}

}  // namespace tenure::shm

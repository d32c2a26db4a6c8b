// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/listen_socket.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <optional>

namespace tenure::io {
namespace {

constexpr ::mode_t kEverybody = 0666;
constexpr ::mode_t kOwner = 0600;
constexpr int kLockTries = 100;
constexpr ::timespec kLockPause{.tv_sec = 0, .tv_nsec = 10'000'000};

Error path_error(const std::string& path, const char* call, int error) {
  Errc code = Errc::bad_request;
  if (error == EACCES || error == EPERM || error == EROFS) {
    code = Errc::denied;
  } else if (error == ENOENT || error == ENOTDIR) {
    code = Errc::not_found;
  } else if (error == EMFILE || error == ENFILE) {
    code = Errc::too_many;
  }
  return {.code = code,
          .sys_errno = error,
          .detail = path + ": " + call + ": " + ::strerrordesc_np(error)};
}

Result<::sockaddr_un> address_of(const std::string& path) {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{.code = Errc::bad_request,
                 .detail = path + ": a socket path of " + std::to_string(path.size()) +
                           " bytes; 1 to 107 are allowed"};
  }
  path.copy(address.sun_path, path.size());
  return address;
}

os::UniqueFd new_socket() {
  return os::UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

const ::sockaddr* generic(const ::sockaddr_un& address) noexcept {
  return reinterpret_cast<const ::sockaddr*>(&address);
}

// Who may write a directory may put a socket of his own in the place of ours. Those above it are
// the administrator's affair, and so is a group that may write it.
std::optional<Error> check_directory(int fd, const std::filesystem::path& directory) {
  struct ::stat there{};
  if (::fstat(fd, &there) != 0) {
    return path_error(directory.string(), "stat", errno);
  }
  const char* wrong = nullptr;
  if (there.st_uid != 0 && there.st_uid != ::geteuid()) {
    wrong = " belongs to another user, who could replace the socket";
  } else if ((there.st_mode & S_IWOTH) != 0 && (there.st_mode & S_ISVTX) == 0) {
    wrong = " may be written by everybody, who could replace the socket";
  }
  if (wrong == nullptr) {
    return std::nullopt;
  }
  return Error{.code = Errc::denied, .detail = directory.string() + wrong};
}

// Held while looking at an old socket file and replacing it, so that of two brokers that start at
// once only one takes it. The lock goes with the fd. Anybody who may read the directory can hold
// it, so it is waited for no longer than a start takes.
Result<os::UniqueFd> lock_directory(const std::filesystem::path& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  os::UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    return path_error(directory.string(), "open", failed ? failed.value() : errno);
  }
  if (auto unsafe = check_directory(fd.get(), directory)) {
    return *std::move(unsafe);
  }
  for (int tries = 0; tries < kLockTries && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    ::nanosleep(&kLockPause, nullptr);
  }
  return fd;
}

// Clears the way: an error if somebody listens at `path` or if it is no socket.
std::optional<Error> remove_stale(const std::string& path, const ::sockaddr_un& address) {
  struct ::stat there{};
  if (::lstat(path.c_str(), &there) != 0) {
    return std::nullopt;
  }
  if (!S_ISSOCK(there.st_mode)) {
    return Error{.code = Errc::exists, .detail = path + " exists and is no socket"};
  }
  const os::UniqueFd probe = new_socket();
  // EAGAIN: somebody listens, and is busy.
  if (::connect(probe.get(), generic(address), sizeof address) == 0 || errno == EAGAIN) {
    return Error{.code = Errc::exists, .detail = "a broker already listens on " + path};
  }
  if (errno != ECONNREFUSED) {
    return path_error(path, "connect", errno);
  }
  if (::unlink(path.c_str()) != 0) {
    return path_error(path, "unlink", errno);
  }
  return std::nullopt;
}

}  // namespace

Result<ListenSocket> ListenSocket::bind(const std::string& path, Callers callers) {
  const auto address = address_of(path);
  if (!address) {
    return address.error();
  }
  const auto directory = std::filesystem::path(path).parent_path();
  const auto lock = lock_directory(directory.empty() ? "." : directory);
  if (!lock) {
    return lock.error();
  }
  if (auto taken = remove_stale(path, *address)) {
    return *std::move(taken);
  }
  ListenSocket made;
  made.fd_ = new_socket();
  if (!made.fd_ || ::bind(made.fd_.get(), generic(*address), sizeof *address) != 0) {
    return path_error(path, "bind", errno);
  }
  made.path_ = path;
  made.callers_ = callers;
  struct ::stat own{};
  if (::lstat(path.c_str(), &own) != 0) {
    return path_error(path, "stat", errno);
  }
  made.device_ = own.st_dev;
  made.inode_ = own.st_ino;
  // Until listen() every connect is refused: nobody meets the file with another mode.
  const ::mode_t mode = callers == Callers::everybody ? kEverybody : kOwner;
  if (::chmod(path.c_str(), mode) != 0 || ::listen(made.fd_.get(), SOMAXCONN) != 0) {
    return path_error(path, "listen", errno);
  }
  return made;
}

void ListenSocket::close() noexcept {
  if (!fd_) {
    return;
  }
  struct ::stat there{};
  if (::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
  fd_.reset();
}

}  // namespace tenure::io

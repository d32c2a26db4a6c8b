// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/schema_fd.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proto/wire/codec.hpp"
#include "proto/wire/limits.hpp"

namespace tenure::io {
namespace {

constexpr int kFixed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

Error bad_schema(std::string detail) {
  return {.code = Errc::bad_request, .detail = "schema_fd: " + std::move(detail)};
}

Error system_error(const char* call, int error) {
  return {.code = error == EMFILE || error == ENFILE ? Errc::too_many : Errc::no_memory,
          .sys_errno = error,
          .detail = std::string(call) + ": " + ::strerrordesc_np(error)};
}

bool write_all(int fd, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count =
        ::pwrite(fd, text.data() + written, text.size() - written, static_cast<::off_t>(written));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return false;
    }
    written += static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

Result<std::vector<FixedTensor>> read_schema(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & kFixed) != kFixed) {
    return bad_schema("not a memfd sealed by F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE");
  }
  struct ::stat status{};
  if (::fstat(fd, &status) != 0 || status.st_size < 0 ||
      static_cast<std::uint64_t>(status.st_size) > wire::kMaxSchemaBytes) {
    return bad_schema(std::to_string(status.st_size) + " bytes; at most " +
                      std::to_string(wire::kMaxSchemaBytes) + " are allowed");
  }
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count =
        ::pread(fd, text.data() + done, text.size() - done, static_cast<::off_t>(done));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return bad_schema("cannot be read");
    }
    done += static_cast<std::size_t>(count);
  }
  return wire::decode_placed_schema(text);
}

Result<shm::SharedFd> write_schema(const std::string& text) {
  const os::UniqueFd memfd(::memfd_create("tenure:schema", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memfd) {
    return system_error("memfd_create", errno);
  }
  if (!write_all(memfd.get(), text)) {
    return system_error("pwrite", errno);
  }
  if (::fchmod(memfd.get(), S_IRUSR | S_IWUSR) != 0 ||
      ::fcntl(memfd.get(), F_ADD_SEALS, kFixed | F_SEAL_SEAL) != 0) {
    return system_error("F_ADD_SEALS", errno);
  }
  const std::string path = "/proc/self/fd/" + std::to_string(memfd.get());
  os::UniqueFd readers(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!readers) {
    return system_error("open", errno);
  }
  return std::make_shared<const os::UniqueFd>(std::move(readers));
}

}  // namespace tenure::io

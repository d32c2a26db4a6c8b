// SPDX-License-Identifier: Apache-2.0
#include "client/lib/sealed_text.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace tenure::detail {
namespace {

Error refused(const char* what, int error) {
  return {.code = error == EMFILE || error == ENFILE ? Errc::too_many : Errc::no_memory,
          .sys_errno = error,
          .detail = std::string(what) + ": " + ::strerrordesc_np(error)};
}

}  // namespace

Result<os::UniqueFd> seal_text(std::string_view text) {
  os::UniqueFd fd(::memfd_create("tenure-schema", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) {
    return refused("memfd_create", errno);
  }
  while (!text.empty()) {
    const ssize_t count = ::write(fd.get(), text.data(), text.size());
    if (count < 0) {
      return refused("write", errno);
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) !=
      0) {
    return refused("F_ADD_SEALS", errno);
  }
  return fd;
}

Result<std::string> read_text(int fd, std::size_t at_most_bytes) {
  const Error unreadable{.code = Errc::corrupt,
                         .detail = "the broker sent a text that cannot be read"};
  struct ::stat status{};
  if (::fstat(fd, &status) != 0 || status.st_size < 0 ||
      static_cast<std::uint64_t>(status.st_size) > at_most_bytes) {
    return unreadable;
  }
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count =
        ::pread(fd, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (count <= 0) {
      return unreadable;
    }
    done += static_cast<std::size_t>(count);
  }
  return text;
}

}  // namespace tenure::detail

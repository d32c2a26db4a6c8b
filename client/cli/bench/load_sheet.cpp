// SPDX-License-Identifier: Apache-2.0
#include "client/cli/bench/load_sheet.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace tenure::cli::bench {

void LoadSheet::Unmap::operator()(LoadSheet* sheet) const noexcept {
  ::munmap(sheet, sizeof(LoadSheet));
}

Result<LoadSheet::Owner> LoadSheet::make() {
  void* memory =
      ::mmap(nullptr, sizeof(LoadSheet), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return Error{.code = Errc::no_memory, .sys_errno = errno, .detail = std::strerror(errno)};
  }
  return Owner(new (memory) LoadSheet);
}

}  // namespace tenure::cli::bench

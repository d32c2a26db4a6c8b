# SPDX-License-Identifier: Apache-2.0
# spdlog and fmt as headers alone: Debian's libraries of them are of this machine's architecture.
find_path(SPDLOG_INCLUDE_DIR spdlog/spdlog.h)
if(SPDLOG_INCLUDE_DIR AND NOT TARGET spdlog::spdlog)
  add_library(spdlog::spdlog INTERFACE IMPORTED)
  target_include_directories(spdlog::spdlog INTERFACE ${SPDLOG_INCLUDE_DIR})
  target_compile_definitions(spdlog::spdlog INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
  target_link_libraries(spdlog::spdlog INTERFACE Threads::Threads)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(spdlog REQUIRED_VARS SPDLOG_INCLUDE_DIR)

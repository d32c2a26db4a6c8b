# SPDX-License-Identifier: Apache-2.0
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tenure)
install(TARGETS tenure_proto tenure_client EXPORT tenure_targets FILE_SET public_headers)
if(TENURE_BUILD_DAEMON)
  install(TARGETS tenured tenure_cli)
endif()
install(EXPORT tenure_targets NAMESPACE tenure:: DESTINATION ${package_dir})
configure_package_config_file(client/cmake/tenure-config.cmake.in tenure-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(tenure-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/tenure-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/tenure-config-version.cmake
  DESTINATION ${package_dir})

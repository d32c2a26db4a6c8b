# SPDX-License-Identifier: Apache-2.0
# GoogleTest from the sources that libgtest-dev brings along, without warnings.
function(add_googletest folder)
  set(CMAKE_CXX_FLAGS -w)
  set(INSTALL_GTEST OFF)
  add_subdirectory(${folder} ${CMAKE_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
endfunction()

find_path(GTEST_SOURCES googletest/src/gtest-all.cc PATHS /usr/src/googletest)
if(GTEST_SOURCES AND NOT TARGET GTest::gtest)
  add_googletest(${GTEST_SOURCES})
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(GTest REQUIRED_VARS GTEST_SOURCES)

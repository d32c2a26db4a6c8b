# SPDX-License-Identifier: Apache-2.0
include(GoogleTest)

# tenure_add_tests(NAME LABELS a b SOURCES ... LIBRARIES ... [TIMEOUT seconds] [RUN_SERIAL])
# A GoogleTest program whose every test is a ctest test, labelled by kind (its folder) and by what
# else LABELS says.
function(tenure_add_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "RUN_SERIAL" "TIMEOUT" "LABELS;SOURCES;LIBRARIES")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(CMAKE_CROSSCOMPILING)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 10")  # Emulated: a program takes that much longer.
  endif()
  add_executable(${name} ${arg_SOURCES})
  tenure_configure(${name})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} GTest::gmock GTest::gtest_main)
  target_precompile_headers(${name} PRIVATE <gtest/gtest.h> <gmock/gmock.h>)
  set(properties TIMEOUT ${arg_TIMEOUT})
  if(arg_RUN_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  gtest_discover_tests(${name} TEST_PREFIX "${name}." TEST_LIST ${name}_list
    DISCOVERY_TIMEOUT 60 PROPERTIES ${properties})
  # A list of labels does not survive gtest_discover_tests: only its first item would be a label, and
  # the rest would be taken for properties. So ctest sets the labels when it has read the tests.
  set(label_file ${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake)
  file(WRITE ${label_file} "if(${name}_list)
  set_tests_properties(\${${name}_list} PROPERTIES LABELS \"${arg_LABELS}\")
endif()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${label_file})
endfunction()

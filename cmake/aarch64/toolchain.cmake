# SPDX-License-Identifier: Apache-2.0
# Debian's cross compiler for 64-bit ARM, and programs that run here under user-mode emulation.
# Needs none of Debian's arm64 packages: what is compiled is found by the modules beside this file,
# from packages of headers and sources that suit every architecture.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})

# The emulator gives execve() to the kernel, and that knows no program of another architecture unless
# it was told machine-wide (binfmt_misc). So CMAKE_CROSSCOMPILING_EMULATOR would run the tests, but not
# the daemon and the command that they start. Here each program is a script that runs what was linked,
# whoever starts it. What CMake links to learn about the compiler is read, not run.
get_property(is_a_probe GLOBAL PROPERTY IN_TRY_COMPILE)
if(NOT is_a_probe)
  set(CMAKE_CXX_LINK_EXECUTABLE
    "<CMAKE_CXX_COMPILER> <FLAGS> <CMAKE_CXX_LINK_FLAGS> <LINK_FLAGS> <OBJECTS> -o <TARGET>.elf <LINK_LIBRARIES>"
    "<CMAKE_COMMAND> -E copy ${CMAKE_CURRENT_LIST_DIR}/emulated.sh <TARGET>")
endif()

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stands for a program of the aarch64 build, and runs it: see toolchain.cmake beside the original.
exec qemu-aarch64 -L /usr/aarch64-linux-gnu "$(readlink -f "$0").elf" "$@"

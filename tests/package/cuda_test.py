# SPDX-License-Identifier: Apache-2.0
"""Compiles a CUDA source that includes the public headers; skipped aloud where there is no nvcc.

usage: cuda_test.py NVCC INCLUDE_FOLDER SOURCE   exit 0: it compiles, 1: it does not, 77: skipped
"""

import os
import subprocess
import sys
import tempfile
from typing import List

SKIPPED = 77


def main(arguments: List[str]) -> int:
    nvcc, include, source = arguments
    if not os.access(nvcc, os.X_OK):
        print("skipped: no nvcc on PATH, nor in /usr/local/cuda/bin")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        command = [nvcc, "-std=c++20", "--compiler-options", "-Wall,-Wextra,-Werror", "-I", include,
                   "-c", source, "-o", os.path.join(folder, "device.o")]
        return subprocess.run(command, timeout=280, check=False).returncode and 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: Apache-2.0
"""Compiles each public header alone: it brings what it needs.

usage: headers_alone.py INCLUDE_FOLDER COMPILER [OPTION ...]   exit 0: all compile, 1: one does not
"""

import pathlib
import subprocess
import sys
from typing import List


def compile_alone(header: pathlib.Path, include: pathlib.Path, command: List[str]) -> str:
    """What the compiler says against the header, or an empty text."""
    name = header.relative_to(include).as_posix()
    source = f"#include <{name}>\n#include <{name}>\nint main() {{}}\n"
    run = subprocess.run([*command, f"-I{include}", "-fsyntax-only", "-x", "c++", "-"], input=source,
                         capture_output=True, text=True, timeout=120, check=False)
    return "" if run.returncode == 0 else f"{name}:\n{run.stderr}"


def main(arguments: List[str]) -> int:
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    include, command = pathlib.Path(arguments[0]), arguments[1:]
    headers = sorted(include.rglob("*.h*"))
    refused = [said for said in (compile_alone(header, include, command) for header in headers)
               if said]
    print("\n".join(refused) or f"{len(headers)} headers compile alone")
    return 1 if refused or not headers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

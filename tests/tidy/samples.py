# SPDX-License-Identifier: Apache-2.0
"""Compiles the C++ samples of the documents: each ```cpp block below `<!-- compiled -->`.

usage: samples.py ROOT COMPILER [OPTION ...]   exit 0: all compile, 1: one does not, or there is none

A block that includes something is a whole file. Any other is the inside of a function that has
`tenure::Client& client`, below the usual includes and `using namespace tenure`.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
from typing import Iterator, List, NamedTuple

from source_tree import walk

MARKED = re.compile(r"^<!-- compiled -->\n+```cpp\n(.*?)^```", re.MULTILINE | re.DOTALL)
FRAME = """#include <chrono>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tenure/tenure.hpp>

using namespace tenure;
using namespace std::chrono_literals;

void sample(Client& client) {{
{body}
}}
"""


class Sample(NamedTuple):
    where: str
    text: str


def samples_of(root: pathlib.Path) -> Iterator[Sample]:
    for file in walk(root):
        if file.suffix == ".md":
            for match in MARKED.finditer(file.text):
                where = f"{file.path}:{file.at(match.start(1))}"
                is_whole = "#include" in match[1]
                yield Sample(where, match[1] if is_whole else FRAME.format(body=match[1]))


def compile_sample(sample: Sample, command: List[str]) -> str:
    """What the compiler says against it, or an empty text."""
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as source:
        source.write(sample.text)
        source.flush()
        run = subprocess.run([*command, "-fsyntax-only", source.name], capture_output=True,
                             text=True, timeout=120, check=False)
    return "" if run.returncode == 0 else f"{sample.where}:\n{run.stderr}"


def main(arguments: List[str]) -> int:
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    root, command = pathlib.Path(arguments[0]), arguments[1:]
    samples = list(samples_of(root))
    refused = [said for said in (compile_sample(sample, command) for sample in samples) if said]
    print("\n".join(refused) or f"{len(samples)} samples compile")
    return 1 if refused or not samples else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: Apache-2.0
"""Licence lines, sizes, and what must not be left behind in a file."""

import pathlib
import re
from typing import Iterator, Optional

from source_tree import Finding, SourceFile, walk

LICENCE = "SPDX-License-Identifier: Apache-2.0"
SLASHES = {".hpp", ".h", ".cpp", ".cu"}
HASHES = {".py", ".sh", ".cmake", ".in"}
HASH_NAMES = {"CMakeLists.txt", "dev", "run", ".clang-tidy"}

MAX_LINES = {".hpp": 250, ".h": 250, ".cpp": 500, ".cu": 500, ".py": 500, "": 500}

# Written in pieces, so that this file does not find itself.
LEFTOVERS = [
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b"), "a note to self: {}"),
    (re.compile(r"(?<![\w./])(/wo" r"rk/|/ro" r"ot/|/ho" r"me/\w)"), "a path of one machine: {}"),
    (re.compile(r"\b(?:DES" r"IGN|STY" r"LE|LIM" r"ITS)\.md\b"), "a document that is not here: {}"),
    (re.compile(r"^(?:<{7} |>{7} |={7}$)", re.MULTILINE), "a merge conflict: {}"),
]


def comment_mark(file: SourceFile) -> Optional[str]:
    """How comments begin in files that need a licence line; nothing for all others."""
    if file.suffix in SLASHES:
        return "//"
    name = pathlib.PurePosixPath(file.path).name
    return "#" if file.suffix in HASHES or name in HASH_NAMES else None


def check_licence(file: SourceFile) -> Iterator[Finding]:
    mark = comment_mark(file)
    if mark is None:
        return
    wanted = f"{mark} {LICENCE}"
    first = 1 if file.text.startswith("#!") else 0
    if len(file.lines) <= first or file.lines[first] != wanted:
        yield Finding(file.path, first + 1, f"the first line is not `{wanted}`")


def check_size(file: SourceFile) -> Iterator[Finding]:
    if file.suffix == "" and comment_mark(file) is None:
        return
    most = MAX_LINES.get(file.suffix)
    if most is not None and len(file.lines) > most:
        yield Finding(file.path, 0, f"{len(file.lines)} lines; at most {most}")


def check_leftovers(file: SourceFile) -> Iterator[Finding]:
    for pattern, text in LEFTOVERS:
        for match in pattern.finditer(file.text):
            yield Finding(file.path, file.at(match.start()), text.format(match[0].strip()))


def check(root: pathlib.Path) -> Iterator[Finding]:
    for file in walk(root):
        yield from check_licence(file)
        yield from check_size(file)
        yield from check_leftovers(file)

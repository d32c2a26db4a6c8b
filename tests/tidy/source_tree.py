# SPDX-License-Identifier: Apache-2.0
"""The files that the rules look at, and how a broken rule is reported."""

import pathlib
from typing import Iterator, NamedTuple

TOP_FOLDERS = ("include", "proto", "daemon", "client", "tests", "cmake", "docs", "systemd", ".ci")
# Folders of inputs, and of what tools leave behind.
SKIPPED_FOLDERS = {"__pycache__", "build", "corpus", "data"}
CPP_SUFFIXES = {".hpp", ".h", ".cpp", ".cu"}


class Finding(NamedTuple):
    """One broken rule. `line` is 0 where the whole file is meant."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


class SourceFile:
    """A text file below the root; `path` is relative to the root, with slashes."""

    def __init__(self, root: pathlib.Path, path: pathlib.Path):
        self.path = path.relative_to(root).as_posix()
        self.suffix = path.suffix
        self.text = path.read_text(encoding="utf-8")
        self.lines = self.text.splitlines()

    def at(self, offset: int) -> int:
        """Number of the line that holds the character at `offset`."""
        return self.text.count("\n", 0, offset) + 1


def is_text(path: pathlib.Path) -> bool:
    """Whether the file is text: data files and pictures of examples are not looked at."""
    return b"\0" not in path.read_bytes()[:4096]


def walk(root: pathlib.Path) -> Iterator[SourceFile]:
    """Every text file of the project: those of the root itself, then folder by folder."""
    paths = [path for path in sorted(root.iterdir()) if path.is_file()]
    for folder in TOP_FOLDERS:
        paths += sorted(path for path in (root / folder).rglob("*") if path.is_file())
    for path in paths:
        folders = path.relative_to(root).parts[:-1]
        if not SKIPPED_FOLDERS.intersection(folders) and is_text(path):
            yield SourceFile(root, path)


def walk_cpp(root: pathlib.Path, *prefixes: str) -> Iterator[SourceFile]:
    """The C++ and CUDA files whose path begins with one of `prefixes` (none: all)."""
    for file in walk(root):
        if file.suffix in CPP_SUFFIXES and (not prefixes or file.path.startswith(prefixes)):
            yield file

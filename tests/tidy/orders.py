# SPDX-License-Identifier: Apache-2.0
"""Atomic operations name their order, and each label has its other end and its page."""

import pathlib
import re
from collections import defaultdict
from typing import Dict, Iterator, List, Tuple

from source_tree import Finding, SourceFile, walk_cpp

PAGE = "docs/concurrency.md"
OPERATION = re.compile(
    r"(?:\.|->)\s*(load|store|exchange|fetch_(?:add|sub|and|or|xor)|compare_exchange_(?:weak|strong))"
    r"\s*\(")
FENCE = re.compile(r"\batomic_(?:thread|signal)_fence\s*\(")
ALWAYS_PRIVATE = re.compile(r"(?:\.|->)\s*(wait|notify_one|notify_all)\s*\(")
LABEL = r"[a-z_]+(?:\.[a-z_]+)*"
LABEL_LIST = re.compile(rf"\b(pairs|alone): ({LABEL}(?:, {LABEL})*)")
LISTED = re.compile(rf"^### `({LABEL})`", re.MULTILINE)

Place = Tuple[str, int]


def without_comments(text: str) -> str:
    """The text with comments and literals blanked; every character stays on its line."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.DOTALL)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def arguments_at(text: str, opening: int) -> str:
    """What stands between the parenthesis at `opening` and the one that closes it."""
    depth = 0
    for end in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth == 0:
            return text[opening + 1:end]
    return text[opening + 1:]


def check_orders(file: SourceFile) -> Iterator[Finding]:
    code = without_comments(file.text)
    for pattern in (OPERATION, FENCE):
        for match in pattern.finditer(code):
            arguments = arguments_at(code, match.end() - 1)
            if not re.search(r"\bmemory_order|\border\b", arguments):
                what = match[0].strip(" .->(\n")
                yield Finding(file.path, file.at(match.start()), f"{what}() without a memory order")


def labels_of(root: pathlib.Path) -> Dict[str, Dict[str, List[Place]]]:
    """Where each label stands, by word (`pairs`, `alone`) and label."""
    places: Dict[str, Dict[str, List[Place]]] = {"pairs": defaultdict(list),
                                                 "alone": defaultdict(list)}
    for file in walk_cpp(root, "include/", "proto/", "daemon/", "client/"):
        for number, line in enumerate(file.lines, 1):
            for word, labels in LABEL_LIST.findall(line):
                for label in labels.split(", "):
                    places[word][label].append((file.path, number))
    return places


def check_labels(root: pathlib.Path) -> Iterator[Finding]:
    places = labels_of(root)
    page = root / PAGE
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    listed = LISTED.findall(text)
    for label, where in places["pairs"].items():
        if len(set(where)) < 2:
            yield Finding(*where[0], f"`pairs: {label}` has no other end")
        if label in places["alone"]:
            yield Finding(*where[0], f"{label} is said to pair here and to stand alone elsewhere")
    for word in ("pairs", "alone"):
        for label, where in places[word].items():
            if label not in listed:
                yield Finding(*where[0], f"{PAGE} has no section `{label}`")
    for label in listed:
        if label not in places["pairs"] and label not in places["alone"]:
            yield Finding(PAGE, 0, f"the section `{label}` names a label that no code has")
        if listed.count(label) > 1:
            yield Finding(PAGE, 0, f"the label `{label}` has several sections")


def check(root: pathlib.Path) -> Iterator[Finding]:
    for file in walk_cpp(root, "proto/", "client/lib/", "daemon/"):
        yield from check_orders(file)
    yield from check_labels(root)

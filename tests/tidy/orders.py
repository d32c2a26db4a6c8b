# SPDX-License-Identifier: Apache-2.0
"""Atomic operations name their order; each label has its other end, its section and its checks."""

import pathlib
import re
from collections import defaultdict
from typing import Dict, Iterator, List, Set, Tuple

from source_tree import Finding, SourceFile, walk_cpp

PAGE = "docs/concurrency.md"
MODELS = "tests/model"
OPERATION = re.compile(
    r"(?:\.|->)\s*(load|store|exchange|fetch_(?:add|sub|and|or|xor)|compare_exchange_(?:weak|strong))"
    r"\s*\(")
FENCE = re.compile(r"\batomic_(?:thread|signal)_fence\s*\(")
ALWAYS_PRIVATE = re.compile(r"(?:\.|->)\s*(wait|notify_one|notify_all)\s*\(")
LABEL = r"[a-z_]+(?:\.[a-z_]+)*"
LABEL_LIST = re.compile(rf"\b(pairs|alone): ({LABEL}(?:, {LABEL})*)")
LISTED = re.compile(rf"^### `({LABEL})`", re.MULTILINE)
# A paragraph of a label's section; it names runs of spin, tests of relacy, or says: nothing, and why.
CHECKED_BY = re.compile(r"^Checked by:?((?:.+\n)+)", re.MULTILINE)
CHECK_NAME = re.compile(r"`([a-z0-9]+(?:-[a-z0-9]+)+|[A-Z]\w*\.[A-Z]\w*)`")
RELACY_TEST = re.compile(r"^TEST\((\w+), (\w+)\)", re.MULTILINE)

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


def checks_of(root: pathlib.Path) -> Set[str]:
    """The runs and tests that a section may name."""
    names = set()
    for file in sorted((root / MODELS).glob("*")):
        if file.name == "runs.txt":
            lines = file.read_text(encoding="utf-8").splitlines()
            names |= {line.split("|")[0].strip() for line in lines if not line.startswith("#")}
        elif file.name.endswith("_relacy.cpp"):
            names |= {f"{suite}.{name}"
                      for suite, name in RELACY_TEST.findall(file.read_text(encoding="utf-8"))}
    return names


def check_checks(root: pathlib.Path) -> Iterator[Finding]:
    """Each label that pairs says which model or variant fails without it, or why none can."""
    page = root / PAGE
    text = page.read_text(encoding="utf-8") + "\n" if page.is_file() else ""
    pairs, known = labels_of(root)["pairs"], checks_of(root)
    sections = re.split(r"^##", text, flags=re.MULTILINE)
    for section in sections:
        label = LISTED.match("##" + section)
        if label is None or label[1] not in pairs:
            continue
        said = CHECKED_BY.search(section)
        names = CHECK_NAME.findall(said[1]) if said else []
        if said is None or not (names or said[1].startswith(" nothing")):
            yield Finding(PAGE, 0, f"`{label[1]}` does not say what it is checked by")
        for name in names:
            if name not in known:
                yield Finding(PAGE, 0, f"`{label[1]}` is checked by {name}, which is not in {MODELS}")


def check(root: pathlib.Path) -> Iterator[Finding]:
    for file in walk_cpp(root, "proto/", "client/lib/", "daemon/"):
        yield from check_orders(file)
    yield from check_labels(root)
    yield from check_checks(root)

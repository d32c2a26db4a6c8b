# SPDX-License-Identifier: Apache-2.0
"""Links between the documents lead somewhere: to a file, and to a heading in it."""

import pathlib
import re
from typing import Iterator, Set

from source_tree import Finding, SourceFile, walk

LINK = re.compile(r'\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"')
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def without_code(text: str) -> str:
    """The text with fenced blocks blanked; every character stays on its line."""
    return FENCED.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def anchors_of(text: str) -> Set[str]:
    """What `#...` may name in a Markdown text: its headings, as code hosts spell them."""
    anchors = set()
    for heading in HEADING.findall(without_code(text)):
        kept = re.sub(r"[^\w\- ]", "", heading.lower())
        anchors.add(kept.replace(" ", "-"))
    return anchors


def check_link(root: pathlib.Path, file: SourceFile, target: str) -> str:
    """What is wrong with a link, or an empty text."""
    name, _, anchor = target.partition("#")
    path = (root / file.path).parent / name if name else root / file.path
    if not path.exists():
        return f"no such file: {target}"
    if anchor and path.suffix == ".md" and anchor not in anchors_of(path.read_text("utf-8")):
        return f"no such heading: {target}"
    return ""


def check(root: pathlib.Path) -> Iterator[Finding]:
    for file in walk(root):
        if file.suffix != ".md":
            continue
        text = without_code(file.text)
        for match in LINK.finditer(text):
            target = match[1] or match[2]
            wrong = "" if re.match(r"[a-z]+:", target) else check_link(root, file, target)
            if wrong:
                yield Finding(file.path, file.at(match.start()), wrong)

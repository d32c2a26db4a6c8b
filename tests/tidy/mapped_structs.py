# SPDX-License-Identifier: Apache-2.0
"""Every field of a struct that lives in mapped memory has its offset asserted, said, and listed."""

import pathlib
import re
from typing import Iterator, List, NamedTuple, Tuple

from orders import without_comments
from source_tree import Finding, SourceFile, walk_cpp

# Headers of proto/layout whose structs are values: computed from mapped memory, never in it.
VALUE_HEADERS = {"proto/layout/extent.hpp", "proto/layout/queue_cell.hpp",
                 "proto/layout/queue_plan.hpp", "proto/layout/queue_waiting.hpp",
                 "proto/layout/queue_word.hpp", "proto/layout/slot_plan.hpp",
                 "proto/layout/slot_word.hpp", "proto/layout/strided_copy.hpp",
                 "proto/layout/tensor_access.hpp"}

PAGE = "docs/memory-layout.md"
STRUCT = re.compile(r"\bstruct\s+(\w+)\s*(?:final\s*)?\{")
FIELD = re.compile(r"^(?!using\b|friend\b|static\b|struct\b|enum\b|template\b)"
                   r"(?P<type>[\w:<>,\s*&]+?)\s+(?P<name>\w+)\s*(?:=.*|\{.*)?$", re.DOTALL)
FORBIDDEN = re.compile(r"\b(bool|size_t|ssize_t|ptrdiff_t|uintptr_t|int|long|short|unsigned|char)\b"
                       r"|\*|\bvirtual\b")


class Field(NamedTuple):
    name: str
    type: str
    line: int


def body_at(code: str, opening: int) -> str:
    """What stands between the brace at `opening` and the one that closes it."""
    depth = 0
    for end in range(opening, len(code)):
        depth += {"{": 1, "}": -1}.get(code[end], 0)
        if depth == 0:
            return code[opening + 1:end]
    return code[opening + 1:]


def statements_of(body: str) -> Iterator[Tuple[int, str]]:
    """The declarations of a struct's body with their offsets; bodies of functions are left out."""
    depth, begin = 0, 0
    for position, character in enumerate(body):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0 and character == "}" and "(" in body[begin:position]:
            begin = position + 1
        if depth == 0 and character == ";":
            text = body[begin:position]
            yield begin + len(text) - len(text.lstrip()), text.strip()
            begin = position + 1


def structs_of(file: SourceFile) -> Iterator[Tuple[str, int, List[Field]]]:
    """Name, line and fields of each struct of a header."""
    code = without_comments(file.text)
    for match in STRUCT.finditer(code):
        fields = []
        for offset, text in statements_of(body_at(code, match.end() - 1)):
            field = FIELD.match(text)
            if field and "(" not in text:
                line = file.at(match.end() + offset)
                fields.append(Field(field["name"], field["type"], line))
        yield match[1], file.at(match.start()), fields


def check_field(file: SourceFile, struct: str, field: Field, page: str) -> Iterator[Finding]:
    forbidden = FORBIDDEN.search(field.type)
    if forbidden:
        yield Finding(file.path, field.line, f"{struct}::{field.name} is of {forbidden[0]}")
    asserted = re.search(rf"offsetof\({struct}, {field.name}\) == (\d+)", file.text)
    if not asserted:
        yield Finding(file.path, field.line, f"no assertion of offsetof({struct}, {field.name})")
        return
    said = re.search(r"//\s*(\d+)\b", file.lines[field.line - 1])
    if not said:
        yield Finding(file.path, field.line, f"the comment of {field.name} does not begin with its offset")
    elif said[1] != asserted[1]:
        yield Finding(file.path, field.line,
                      f"{field.name} lies at {asserted[1]}, its comment says {said[1]}")
    if not re.search(rf"^\| {asserted[1]} \|[^|]*\| `{field.name}` \|", page, re.MULTILINE):
        yield Finding(file.path, field.line,
                      f"{PAGE} has no row for {struct}::{field.name} at {asserted[1]}")


def check(root: pathlib.Path) -> Iterator[Finding]:
    page = (root / PAGE).read_text(encoding="utf-8") if (root / PAGE).is_file() else ""
    for file in walk_cpp(root, "proto/layout/"):
        if file.suffix != ".hpp" or file.path in VALUE_HEADERS:
            continue
        for name, line, fields in structs_of(file):
            # A template over the atomics is asserted through the alias that the real ones give it.
            struct = name[:-2] if name.endswith("Of") else name
            if not re.search(rf"sizeof\({struct}\) ==", file.text):
                yield Finding(file.path, line, f"no assertion of sizeof({struct})")
            for field in fields:
                yield from check_field(file, struct, field, page)

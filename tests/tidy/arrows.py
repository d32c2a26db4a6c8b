# SPDX-License-Identifier: Apache-2.0
"""Which part may include which: include <- proto <- {daemon, client} <- tests."""

import pathlib
import posixpath
import re
from typing import Iterator, Optional

from source_tree import Finding, SourceFile, walk_cpp

PROTO = ("proto/os", "proto/layout", "proto/sync", "proto/wire")
DAEMON = ("daemon/core", "daemon/shm", "daemon/io")

# Each part, and the parts besides itself that it may include. A file belongs to the longest match.
ALLOWED = {
    "include": (),
    "proto/os": ("include",),
    "proto/layout": ("include",),
    "proto/sync": ("include", "proto/layout", "proto/os"),
    "proto/wire": ("include",),
    # Pure state: what it knows of memory is arithmetic, what it knows of packets is their contents.
    "daemon/core": ("include", "proto/layout", "proto/wire"),
    "daemon/shm": ("include", *PROTO),
    "daemon/io": ("include", *PROTO, "daemon/core", "daemon/shm"),
    "daemon/app": ("include", *PROTO, *DAEMON),
    "daemon/embed": ("include", *PROTO, *DAEMON),
    "client/lib": ("include", *PROTO),
    "client/lib/cuda": ("include", *PROTO, "client/lib"),
    "client/cli": ("include", *PROTO, "client/cli/bench"),
    # A part of its own for what only it may include, see below.
    "client/cli/bench": ("include", *PROTO, "client/cli"),
    "client/cli/bench/cuda": ("include", *PROTO, "client/cli", "client/cli/bench"),
    # Examples are what a newcomer could write; what starts and ends them for a test may know more.
    "client/examples": ("include",),
    "client/examples/cuda": ("include",),
    "client/examples/digits/demo": ("include", "proto/os", "client/examples",
                                    "client/examples/runner"),
    "client/examples/runner": ("include", "proto/os"),
}
ALLOWED["tests"] = tuple(ALLOWED)

# Third-party headers by how their names begin, and the parts that may include them.
THIRD_PARTY = {
    "boost/asio": ("daemon/io", "daemon/app", "daemon/embed", "tests"),
    # The benchmark measures its message_queue beside ours; no other part of the tool may know it.
    "boost/interprocess": ("proto/os", "client/cli/bench", "client/examples", "tests"),
    "boost/json": ("proto/wire",),
    "boost/": ("proto/os", "daemon/shm", "daemon/io", "daemon/app", "daemon/embed", "tests"),
    "spdlog/": ("daemon/io", "daemon/app", "daemon/embed", "tests"),
    "nlohmann/": ("proto/wire", "daemon/app", "client/cli", "client/cli/bench", "tests"),
    "CLI/": ("daemon/app", "client/cli", "client/examples", "client/examples/digits/demo", "tests"),
    "cuda_runtime": ("client/lib/cuda", "client/cli/bench/cuda", "client/examples/cuda", "tests"),
    "gtest/": ("tests",),
    "gmock/": ("tests",),
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)

STANDARD_HEADERS = frozenset("""
    algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono
    cinttypes climits clocale cmath codecvt compare complex concepts condition_variable coroutine
    csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque
    exception execution filesystem format forward_list fstream functional future initializer_list
    iomanip ios iosfwd iostream istream iterator latch limits list locale map memory memory_resource
    mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator
    semaphore set shared_mutex source_location span sstream stack stdexcept stop_token streambuf
    string string_view syncstream system_error thread tuple type_traits typeindex typeinfo
    unordered_map unordered_set utility valarray variant vector version""".split())


def part_of(path: str) -> Optional[str]:
    """The part that a path (relative to the root) belongs to."""
    matches = [part for part in ALLOWED if path == part or path.startswith(part + "/")]
    return max(matches, key=len, default=None)


def target_of(root: pathlib.Path, file: SourceFile, mark: str, name: str) -> Optional[str]:
    """The path of an included file of this project; nothing for a header from elsewhere."""
    if name.startswith("tenure/"):
        return "include/" + name
    if mark == "<":
        return None
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), name))
    return beside if (root / beside).is_file() else name


def check_third_party(file: SourceFile, part: str, name: str) -> Optional[str]:
    if part == "include":
        return None if name in STANDARD_HEADERS else f"a public header includes <{name}>"
    for prefix, parts in THIRD_PARTY.items():
        if name.startswith(prefix):
            return None if part in parts else f"{part} includes <{name}>"
    return None


def check_include(root: pathlib.Path, file: SourceFile, mark: str, name: str) -> Optional[str]:
    """What is wrong with one #include, or nothing."""
    part = part_of(file.path)
    if part is None:
        return "the file belongs to no part of the project"
    target = target_of(root, file, mark, name)
    if target is None:
        return check_third_party(file, part, name)
    if not (root / target).is_file():
        return f'no such file: "{name}"'
    included = part_of(target)
    if included is None or included not in (part, *ALLOWED[part]):
        return f"{part} includes {target}, which it may not know"
    return None


def check(root: pathlib.Path) -> Iterator[Finding]:
    for file in walk_cpp(root, "include/", "proto/", "daemon/", "client/", "tests/"):
        for match in INCLUDE.finditer(file.text):
            wrong = check_include(root, file, match[1], match[2])
            if wrong:
                yield Finding(file.path, file.at(match.start()), wrong)

# SPDX-License-Identifier: Apache-2.0
"""Checks the rules of this project that a program can check.

usage: tidy.py ROOT RULE ...   prints what breaks a rule; exit 0: nothing, 1: something, 2: usage
"""

import pathlib
import sys
from typing import List

import arrows
import links
import mapped_structs
import orders
import text_rules

RULES = {"arrows": arrows, "links": links, "mapped": mapped_structs, "orders": orders,
         "text": text_rules}


def main(arguments: List[str]) -> int:
    root, names = pathlib.Path(arguments[0] if arguments else ""), arguments[1:]
    unknown = [name for name in names if name not in RULES]
    if not names or unknown or not (root / "include").is_dir():
        print(__doc__, "rules: " + " ".join(sorted(RULES)), sep="\n", file=sys.stderr)
        return 2
    findings = [str(finding) for name in names for finding in RULES[name].check(root)]
    print("\n".join(findings) if findings else "in order: " + " ".join(names))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

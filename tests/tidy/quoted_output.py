# SPDX-License-Identifier: Apache-2.0
"""A document quotes what a program prints, to the letter.

usage: quoted_output.py DOCUMENT PROGRAM   exit 0: it does, 1: it does not
"""

import pathlib
import subprocess
import sys
from typing import List


def main(arguments: List[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    printed = subprocess.run([arguments[1]], capture_output=True, text=True, timeout=60,
                             check=True).stdout
    if printed and printed in pathlib.Path(arguments[0]).read_text(encoding="utf-8"):
        print("the document quotes the program")
        return 0
    print(f"{arguments[0]} does not contain:\n{printed}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: Apache-2.0
"""Installs Tenure into a folder of its own, builds a stranger's project against it, and runs that.

usage: package_test.py CMAKE BUILD_FOLDER STRANGER_FOLDER CONFIGURE_OPTION ...
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from typing import Dict, List

STARTS_WITHIN_S = 30
ENDS_WITHIN_S = 30


def run(command: List[str], **options) -> str:
    """Runs a command that has to succeed, and returns what it printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=240, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def install(cmake: str, build: str, prefix: pathlib.Path) -> None:
    run([cmake, "--install", build, "--prefix", str(prefix)])
    installed = [path.relative_to(prefix).as_posix() for path in prefix.rglob("*")]
    for wanted in ("bin/tenured", "bin/tenure", "include/tenure/tenure.hpp"):
        if wanted not in installed:
            sys.exit(f"the installation lacks {wanted}; it has: {' '.join(sorted(installed))}")
    for path in prefix.rglob("*.cmake"):
        if build in path.read_text(encoding="utf-8"):
            sys.exit(f"{path} points into the folder that Tenure was built in")


def check_symbols(prefix: pathlib.Path) -> None:
    """A stranger may have the libraries compiled in that are compiled in here."""
    for archive in prefix.rglob("libtenure_*.a"):
        for line in run(["nm", "-C", "--defined-only", str(archive)]).splitlines():
            words = line.split(maxsplit=2)
            if len(words) == 3 and words[1] in "TDBR" and words[2].startswith("boost::"):
                sys.exit(f"{archive.name} defines {words[2]} for everybody who links it")


def build_stranger(cmake: str, source: str, folder: pathlib.Path, prefix: pathlib.Path,
                   options: List[str]) -> pathlib.Path:
    run([cmake, "-S", source, "-B", str(folder), "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
         *options])
    run([cmake, "--build", str(folder)])
    return folder / "stranger"


def await_broker(broker: subprocess.Popen, prefix: pathlib.Path,
                 environment: Dict[str, str]) -> None:
    give_up = time.monotonic() + STARTS_WITHIN_S
    ping = [str(prefix / "bin" / "tenure"), "ping", "--timeout", "5s"]
    while subprocess.run(ping, env=environment, capture_output=True, timeout=60,
                         check=False).returncode != 0:
        if broker.poll() is not None or time.monotonic() > give_up:
            sys.exit(f"tenured does not answer; it ended with {broker.poll()}")


def check_stranger(program: pathlib.Path, environment: Dict[str, str]) -> None:
    written = run([str(program), "write"], env=environment)
    read = run([str(program), "read"], env=environment)
    if written != "published v1\n" or read != "-4.50\n0.00\n21.25\n":
        sys.exit(f"the stranger wrote {written!r} and read {read!r}")


def main(arguments: List[str]) -> int:
    cmake, build, source, options = arguments[0], arguments[1], arguments[2], arguments[3:]
    with tempfile.TemporaryDirectory(prefix="tenure-package-") as name:
        folder = pathlib.Path(name)
        prefix = folder / "prefix"
        install(cmake, build, prefix)
        check_symbols(prefix)
        stranger = build_stranger(cmake, source, folder / "stranger", prefix, options)
        environment = {**os.environ, "TENURE_SOCKET": str(folder / "control.sock")}
        broker = subprocess.Popen([str(prefix / "bin" / "tenured")], env=environment)
        try:
            await_broker(broker, prefix, environment)
            check_stranger(stranger, environment)
            broker.send_signal(signal.SIGTERM)
            status = broker.wait(ENDS_WITHIN_S)
        finally:
            broker.kill()
            broker.wait()
    if status != 0:
        sys.exit(f"tenured ended with {status}")
    print("a stranger built against the installed package, published and read")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: Apache-2.0
"""Runs lines of runs.txt: builds each model with its switches and searches it.

usage: spin_test.py [NAME ...]   exit 0: as expected, 1: not, 77: there is no spin (skipped)

Without a NAME every run that is not `long`. A run that holds was searched to the end; a run that is
expected to break is a broken variant of the protocol: if it holds, the model has become blind.
TENURE_MODEL_SECONDS (1800) and TENURE_MODEL_MB (11000) bound one run.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Dict, List, NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = int(os.environ.get("TENURE_MODEL_SECONDS", "1800"))
MEGABYTES = int(os.environ.get("TENURE_MODEL_MB", "11000"))
SKIPPED = 77

# How a search is compiled, and how it is run.
SEARCHES = {"s": (["-DSAFETY", "-DCOLLAPSE"], ["-w24"]),
            "h": (["-DSAFETY", "-DHC4"], ["-w26"]),
            "l": (["-DNP", "-DNFAIR=4", "-DCOLLAPSE"], ["-l", "-f", "-w24"])}


class Run(NamedTuple):
    name: str
    model: str
    switches: str
    expected: str
    search: str
    when: str


class Outcome(NamedTuple):
    found: str  # holds, breaks, or why it is neither
    states: str
    seconds: float
    text: str


def read_runs() -> Dict[str, Run]:
    lines = (HERE / "runs.txt").read_text(encoding="utf-8").splitlines()
    runs = [Run(*(field.strip() for field in line.split("|")))
            for line in lines if line.strip() and not line.startswith("#")]
    return {run.name: run for run in runs}


def judge(text: str) -> str:
    errors = re.search(r"errors: (\d+)", text)
    if errors is None:
        return "no verdict"
    if errors[1] != "0":
        return "breaks"
    is_partial = re.search(r"max search depth too small|Search not completed|reached -DMEMLIM", text)
    return "unfinished" if is_partial else "holds"


def search(run: Run, folder: str) -> Outcome:
    compiled, started = SEARCHES[run.search]
    compiler = shutil.which("gcc") or shutil.which("cc") or "cc"
    model = HERE / f"{run.model}.pml"
    for command in (["spin", "-a", *run.switches.split(), str(model)],
                    [compiler, "-O1", "-w", *compiled, "-DVECTORSZ=2048", f"-DMEMLIM={MEGABYTES}",
                     "-o", "pan", "pan.c"]):
        built = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, check=False)
        if built.returncode != 0:
            return Outcome("does not build", "-", 0, built.stdout)
    began = time.monotonic()
    try:
        text = subprocess.run(["./pan", *started, "-m400000"], cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=SECONDS,
                              check=False).stdout
    except subprocess.TimeoutExpired:
        return Outcome(f"not done in {SECONDS} s", "-", SECONDS, "")
    states = re.search(r"([\d.e+]+) states, stored", text)
    return Outcome(judge(text), states[1] if states else "-", time.monotonic() - began, text)


def main(names: List[str]) -> int:
    if shutil.which("spin") is None:
        print("skipped: there is no spin here (package spin)")
        return SKIPPED
    runs = read_runs()
    failures = 0
    print(f"{'run':25} {'expected':9} {'found':12} {'states':>12} {'seconds':>8}")
    for name in names or [run.name for run in runs.values() if run.when == "always"]:
        run = runs[name]
        with tempfile.TemporaryDirectory(prefix="tenure-model-") as folder:
            outcome = search(run, folder)
        print(f"{name:25} {run.expected:9} {outcome.found:12} {outcome.states:>12} "
              f"{outcome.seconds:8.1f}", flush=True)
        if outcome.found != run.expected:
            failures += 1
            print(outcome.text)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

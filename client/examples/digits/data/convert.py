#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes images.npy and labels.npy from scikit-learn's digits.csv.gz.

    pip download scikit-learn==1.5.2 --no-deps -d /tmp/digits
    unzip -d /tmp/digits /tmp/digits/*.whl sklearn/datasets/data/digits.csv.gz
    ./convert.py /tmp/digits/sklearn/datasets/data/digits.csv.gz

The table has a row per image: 64 pixels of 0..16, then the digit. Its rows are grouped by writer,
so they are put into another, fixed order: the last 297, which are held out, are then a sample of
all writers.
"""
import argparse
import pathlib

import numpy

SAMPLES = 1797
SEED = 1998


def convert(table_path, folder):
    table = numpy.loadtxt(table_path, delimiter=",", dtype=numpy.uint8)
    if table.shape != (SAMPLES, 65) or table[:, :64].max() > 16 or table[:, 64].max() > 9:
        raise SystemExit(f"{table_path}: not the digits table of {SAMPLES} rows")
    # RandomState is NumPy's frozen generator: the order is the same with every release.
    table = table[numpy.random.RandomState(SEED).permutation(SAMPLES)]
    images = numpy.ascontiguousarray(table[:, :64]).reshape(SAMPLES, 8, 8)
    numpy.save(folder / "images.npy", images)
    numpy.save(folder / "labels.npy", numpy.ascontiguousarray(table[:, 64]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", help="digits.csv.gz or digits.csv")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(__file__).parent,
                        help="where the two files go; default: beside this script")
    arguments = parser.parse_args()
    convert(arguments.table, arguments.folder)


if __name__ == "__main__":
    main()

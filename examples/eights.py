"""Writes the data of the minimax-regret example ``eights``: which of scikit-learn's digits are an eight, a rare class.

    python examples/eights.py dualgap/problems/minimax_regret/examples/eights.csv

The source is ``sklearn.datasets.load_digits``: 1,797 scans of 8 x 8 pixels, a test set of E. Alpaydin and C. Kaynak,
Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998 (CC BY 4.0). Here each feature is the
sum of 2 x 2 pixels.
"""

from __future__ import annotations

import csv
import sys

from sklearn.datasets import load_digits


def main(path: str) -> None:
    """Writes the CSV file, a row for each scan."""
    digits = load_digits()
    sums = digits.images.reshape(-1, 4, 2, 4, 2).sum(axis=(2, 4)).reshape(-1, 16).astype(int)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["digit", *(f"r{row}c{column}" for row in range(1, 5) for column in range(1, 5))])
        for target, row in zip(digits.target.tolist(), sums.tolist()):
            writer.writerow(["eight" if target == 8 else "other", *row])


if __name__ == "__main__":
    main(*sys.argv[1:])

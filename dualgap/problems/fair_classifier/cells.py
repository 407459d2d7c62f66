"""Cells: rows that no classifier can tell apart, because they agree in everything that it may read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Cells:
    """The distinct rows of a split.

    Attributes:
        code: (n,) each row's cell; cells are numbered in the order in which they come first.
        first: (c,) the first row of each cell.
        masses: (c, 2 G) each cell's weight by group and label.
        alone: how many cells are of a single person: of one row, where weights aren't numbers of people.
    """

    code: np.ndarray
    first: np.ndarray
    masses: np.ndarray
    alone: int

    def __len__(self) -> int:
        return len(self.first)


def cells(seen: np.ndarray, groups: np.ndarray, labels: np.ndarray, weights: np.ndarray, count: int) -> Cells:
    """The cells of rows.

    Args:
        seen: (n, d) what a classifier may read.
        groups, labels, weights: (n,) codes below ``count``, labels 0 and 1, positive weights.
        count: the number of groups.
    """
    code, first = coded(seen)
    masses = np.zeros((len(first), 2 * count))
    np.add.at(masses, (code, 2 * groups + labels), weights)
    people = np.bincount(code, weights if (weights == np.rint(weights)).all() else None, len(first))
    return Cells(code, first, masses, int((people <= 1).sum()))


def coded(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """((n,) the number of each row's cell, (c,) the first row of each), in the order of first appearance."""
    plain = np.ascontiguousarray(seen) + 0  # -0 equals 0
    texts = [row.tobytes() for row in plain]
    number: dict[bytes, int] = {}
    code = np.array([number.setdefault(text, len(number)) for text in texts], dtype=np.int64)
    first = np.full(len(number), len(texts), dtype=np.int64)
    np.minimum.at(first, code, np.arange(len(texts)))
    return code, first


def matched(rows: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(n,) for each row the number of the equal row in ``known`` (c, D); c where there is none."""
    number = {row.tobytes(): k for k, row in enumerate(np.ascontiguousarray(known) + 0)}
    texts = (row.tobytes() for row in np.ascontiguousarray(rows) + 0)
    return np.array([number.get(text, len(known)) for text in texts], dtype=np.int64)

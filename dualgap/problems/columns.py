"""Columns of a table that are to be features: what is no number in them, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault


def all_texts(column: Sequence[Any]) -> bool:
    """Whether a column holds no number at all."""
    return all(isinstance(cell, str) for cell in column)


def text_fault(name: str, column: Sequence[Any]) -> Fault | None:
    """What keeps a column from being a feature: texts throughout, or a cell among numbers."""
    row = next((k for k, cell in enumerate(column) if isinstance(cell, str)), None)
    if row is None:
        return None
    if all_texts(column):
        remedy = "list the numeric columns: features = [...]; or write categories as 0 and 1"
        return Fault("features", f"column {shown(name)} isn't numeric", remedy)
    what = f"holds {shown(column[row])} among numbers" if column[row] else "has an empty cell"
    return Fault("features", f"column {shown(name)} {what} in row {row + 1}", "fill it in, or leave the row out")

"""Which examples directions are found on, chosen by, and tested on: by a column, or drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
SHARE = 0.2
"""Of the examples, for validation and for tests each, where a table's spec says nothing."""


def drawn(said: Mapping[str, Any], count: int, seed: int) -> list[str]:
    """The splits of ``count`` examples for ``{validation = share, test = share, seed = ...}``.

    Raises:
        SpecError: unknown fields, or numbers that are no shares.
    """
    if unknown := sorted(set(said) - {"validation", "test", "seed"}):
        remedy = "known fields: column, or validation, test and seed"
        raise SpecError([Fault(f"split.{unknown[0]}", "unknown field", remedy)])
    shares = {name: _share(said.get(name, SHARE), f"split.{name}") for name in (VALIDATION, TEST)}
    if sum(shares.values()) >= 1:
        raise SpecError([Fault("split", "nothing is left to train on", "take shares that add up to less than 1")])
    chosen = said.get("seed", seed)
    if isinstance(chosen, bool) or not isinstance(chosen, int) or chosen < 0:
        raise SpecError([Fault("split.seed", f"{shown(chosen)} is no seed", "a whole number from 0")])
    order, names, start = np.random.Generator(np.random.PCG64(chosen)).permutation(count), [TRAIN] * count, 0
    for name, share in shares.items():
        stop = start + round(share * count)
        for row in order[start:stop].tolist():
            names[row] = name
        start = stop
    return names


def by_column(cells: Sequence[Any]) -> list[str]:
    """The splits as a column has them.

    Raises:
        SpecError: another word than train, validation and test.
    """
    names = [str(cell).strip() for cell in cells]
    if wrong := next((name for name in names if name not in SPLITS), None):
        raise SpecError([Fault("split.column", f"{shown(wrong)} is no split", f"write {', '.join(SPLITS)}")])
    return names


def _share(value: Any, where: str) -> float:
    if isinstance(value, bool) or (not isinstance(value, int | float) and not hasattr(value, "as_tuple")):
        raise SpecError([Fault(where, f"{shown(value)} is no share", "0.2, say")])
    if not 0 <= value < 1:
        raise SpecError([Fault(where, f"{value} is no share", "from 0 to below 1; 0.2, say")])
    return float(value)

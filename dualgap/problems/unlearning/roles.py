"""Which rows are kept, which are to be forgotten, which are for testing and for validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError

RETAIN, FORGET, TEST, VALIDATION = 0, 1, 2, 3
ROLES = ("retain", "forget", "test", "validation")
FORGET_SHAPES = (
    '{fraction = 0.1, seed = 0}, {indices = [3, 5]}, {class = "8"}, {column = "writer", equals = 17} '
    "or {margin = 0.1}, the share of the smallest margins"
)
_TEST = 0.2


def unseen_rows(
    test: Any, validation: Any, table: Mapping[str, Sequence[Any]], rows: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) bool each: a fifth for testing by default, and of the rest none for validation.

    Args:
        test: ``{fraction, seed}``, ``{column, equals}`` or ``{indices}``; ``validation`` likewise.
    """
    tested = _chosen("test", {"fraction": _TEST} if test is None else test, table, np.arange(rows), seed)
    if validation is None:
        return tested, np.zeros(rows, dtype=bool)
    held = _chosen("validation", validation, table, np.flatnonzero(~tested), seed)
    if (both := np.flatnonzero(held & tested)).size:
        raise SpecError([Fault("validation", f"row {int(both[0])} is a test row", "choose others")])
    return tested, held


def forget_rows(
    said: Any, table: Mapping[str, Sequence[Any]], training: np.ndarray, classes: Sequence[str], seed: int
) -> np.ndarray:
    """(n,) bool, of the training rows; margins are the caller's.

    Args:
        said: as ``FORGET_SHAPES`` has it. training: (n,) bool.
        classes: (n,) each row's class by name.
    """
    where = np.flatnonzero(training)
    if isinstance(said, Mapping) and set(said) == {"class"}:
        found: np.ndarray = np.array([name == str(said["class"]) for name in classes]) & training
        if not found.any():
            known = ", ".join(sorted(set(classes))[:10])
            raise SpecError([Fault("forget.class", f"no training row is {shown(said['class'])}", f"classes: {known}")])
        return found
    found = _chosen("forget", said, table, where, seed)
    if isinstance(said, Mapping) and "column" in said and (found & training).any():
        return np.asarray(found & training)  # somebody's rows that were never learnt need no forgetting
    if (found & ~training).any():
        row = int(np.flatnonzero(found & ~training)[0])
        raise SpecError([Fault("forget", f"row {row} is no training row: it was never learnt", "leave it out")])
    return found


def _chosen(name: str, said: Any, table: Mapping[str, Sequence[Any]], among: np.ndarray, seed: int) -> np.ndarray:
    rows = len(next(iter(table.values())))
    allowed = {"fraction": {"fraction", "seed"}, "column": {"column", "equals"}, "indices": {"indices"}}
    way = next((way for way in allowed if isinstance(said, Mapping) and way in said), None)
    if way is None or not set(said) <= allowed[way]:
        remedy = (
            FORGET_SHAPES if name == "forget" else '{fraction = 0.2, seed = 0} or {column = "split", equals = "test"}'
        )
        raise SpecError([Fault(name, f"{shown(said)} names no rows", remedy)])
    found = np.zeros(rows, dtype=bool)
    if way == "fraction":
        share, chosen = _number(said["fraction"], f"{name}.fraction"), said.get("seed", seed)
        if not 0 < share < 1:
            raise SpecError([Fault(f"{name}.fraction", f"{share:g} is no share", "between 0 and 1; 0.1, say")])
        if isinstance(chosen, bool) or not isinstance(chosen, int) or chosen < 0:
            raise SpecError([Fault(f"{name}.seed", f"{shown(chosen)} is no seed", "a whole number from 0")])
        rng = np.random.Generator(np.random.PCG64(chosen))
        found[rng.permutation(among)[: max(1, round(share * len(among)))]] = True
    elif way == "column":
        if said["column"] not in table:
            columns = ", ".join(list(table)[:20])
            raise SpecError([Fault(f"{name}.column", f"no column {shown(said['column'])}", f"columns: {columns}")])
        wanted = str(said.get("equals", name)).strip()
        found[[k for k, cell in enumerate(table[said["column"]]) if str(cell).strip() == wanted]] = True
        if not found.any():
            raise SpecError([Fault(f"{name}.equals", f"no row of {said['column']} is {shown(wanted)}", "see the data")])
    else:
        indices = said["indices"]
        whole = isinstance(indices, list) and all(isinstance(k, int) and not isinstance(k, bool) for k in indices)
        if not whole or not indices or min(indices) < 0 or max(indices) >= rows:
            raise SpecError([Fault(f"{name}.indices", "expected row numbers", f"from 0 to {rows - 1}")])
        found[indices] = True
    return found


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool):
        raise SpecError([Fault(where, f"{shown(value)} is no number", "0.1, say")])
    try:
        return float(value)
    except (TypeError, ValueError):
        raise SpecError([Fault(where, f"{shown(value)} is no number", "0.1, say")]) from None

"""Which rows are for training: by a column, or drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError

TRAIN, TEST = "train", "test"
_SHARE, _SEED = 0.3, 0


def split_of(
    said: Mapping[str, Any] | None, table: Mapping[str, Sequence[Any]], rows: int, counted: bool, seed: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """((n,) codes, names), the training split first.

    Without a word, three tenths are drawn for testing; of rows that stand for several people, all are for training.

    Args:
        said: ``{column = ...}`` with a value "train", or ``{test = share, seed = ...}``.
        table: columns by name. rows: their length.
        counted: whether rows stand for several people: those can't be drawn apart.
        seed: where the spec has none.
    """
    if said is not None and "column" in said:
        return _by_column([str(cell).strip() for cell in table[said["column"]]])
    if said is None and counted:
        return np.zeros(rows, dtype=np.int64), (TRAIN,)
    if counted:
        remedy = 'count the people of each split by themselves and name it: split = {column = "split"}'
        raise SpecError(
            [Fault("split", "rows with weights stand for several people, who can't be drawn apart", remedy)]
        )
    said = said or {}
    share = said.get("test", _SHARE)
    if isinstance(share, bool) or (not isinstance(share, int | float) and not hasattr(share, "as_tuple")):
        raise SpecError([Fault("split.test", f"{shown(share)} is no share", "0.3, say")])
    if not 0 <= share < 1:
        raise SpecError([Fault("split.test", f"{share} is no share", "from 0 to below 1; 0.3, say")])
    chosen = said.get("seed", seed)
    if isinstance(chosen, bool) or not isinstance(chosen, int) or chosen < 0:
        raise SpecError([Fault("split.seed", f"{shown(chosen)} is no seed", "a whole number from 0")])
    if share == 0:
        return np.zeros(rows, dtype=np.int64), (TRAIN,)
    codes = np.zeros(rows, dtype=np.int64)
    drawn = np.random.Generator(np.random.PCG64(chosen)).permutation(rows)[: round(float(share) * rows)]
    codes[drawn] = 1
    return codes, (TRAIN, TEST)


def _by_column(cells: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    names = list(dict.fromkeys(cells))
    if TRAIN not in names:
        found = ", ".join(map(shown, names[:5]))
        raise SpecError([Fault("split.column", f"no row is {TRAIN!r}; there are {found}", f"write {TRAIN} and {TEST}")])
    names.sort(key=lambda name: (name != TRAIN, names.index(name) if name in names else 0))
    number = {name: k for k, name in enumerate(names)}
    return np.array([number[cell] for cell in cells], dtype=np.int64), tuple(names)

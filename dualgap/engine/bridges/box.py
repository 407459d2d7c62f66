"""The box of an integer program as the bridges take it: bounds of integer columns moved to integers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dualgap.core.forms import MixedIntegerProgram

_SHOWN = 3


def integer_box(form: MixedIntegerProgram) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) as float64, those of integer columns rounded inwards."""
    lower, upper = form.lower.astype(np.float64), form.upper.astype(np.float64)
    return np.where(form.integer, np.ceil(lower), lower), np.where(form.integer, np.floor(upper), upper)


def empty_box(form: MixedIntegerProgram) -> str | None:
    """Names the columns between whose bounds no value lies, or None."""
    lower, upper = integer_box(form)
    empty = np.flatnonzero(lower > upper)
    return f"no value lies between the bounds of {named(form.columns, empty)}" if empty.size else None


def named(names: Sequence[str], indices: np.ndarray) -> str:
    """The first few by name, or by number where nothing is named; "and 4 more" for the rest."""
    shown = [names[index] if names else f"column {index}" for index in indices[:_SHOWN].tolist()]
    more = f" and {len(indices) - _SHOWN} more" if len(indices) > _SHOWN else ""
    return ", ".join(shown) + more

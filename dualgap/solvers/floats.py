"""What a form loses on its way into float64, as most backends take it, and points that come back."""

from __future__ import annotations

import numpy as np

from dualgap.core.forms import MixedIntegerProgram

_EXACT = 2**53
_SLACK = 1e-5


def lossy(
    form: MixedIntegerProgram, *, tiny: float = 0.0, huge: float = np.inf, infinite: float = np.inf
) -> str | None:
    """Why a float64 backend would silently solve another program, or None.

    Args:
        tiny: coefficients of rows up to this magnitude are dropped by the backend.
        huge: coefficients of rows from this magnitude on are refused by it.
        infinite: costs and sides from this magnitude on count as infinite.
    """
    sides = {
        "cost": form.cost,
        "lower bound": form.lower,
        "upper bound": form.upper,
        "row side": np.concatenate([form.row_lower, form.row_upper]),
    }
    for what, array in {**sides, "coefficient": form.matrix.data}.items():
        if array.dtype == np.int64 and array.size and max(int(array.max()), -int(array.min())) > _EXACT:
            return f"a {what} beyond 2^53 loses digits in float64; take cp-sat, or scale the data down"
    for what, array in sides.items():
        magnitude = np.abs(array, dtype=np.float64)
        if np.any((magnitude >= infinite) & (magnitude < np.inf)):
            return f"a {what} of {infinite:g} or more counts as infinite; scale the data down, or drop the bound"
    coefficients = np.abs(form.matrix.data, dtype=np.float64)
    if np.any((coefficients > 0) & (coefficients <= tiny)):
        return f"row coefficients up to {tiny:g} would be dropped; scale their columns or rows up"
    if np.any(coefficients >= huge):
        return f"row coefficients of {huge:g} or more are refused; scale their rows down"
    return None


def holds(form: MixedIntegerProgram, point: np.ndarray) -> bool:
    """Whether a point is an incumbent: backends that hit a limit hand out points that never were feasible."""
    scale = max(1.0, float((abs(form.matrix) @ np.abs(point)).max(initial=0.0)))
    return form.violation(point) <= _SLACK * scale

"""The cost model's two constants, and how they are fitted to measured steps.

The form is frozen: matrix products at a share of the peak, each operator's tensors through memory at its peak, a least
time of each operator's pass (its launch), collectives as rings. Only the share and the least time are fitted, by the
least mean of the absolute logarithms of predicted over measured times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dualgap.core.arrays import Number
from dualgap.core.record import Record


class Calibration(Record):
    """The constants.

    Attributes:
        efficiency: the share of a device's peak that matrix products reach, at least 0.
        overhead: seconds that a layer's pass takes at least, split alike among its operators.
        error: the mean relative error of a step's time on rows that were left out; 0 where nobody knows.
        source: of the rows.
    """

    efficiency: Number
    overhead: Number
    error: Number = 0.0
    source: str = ""


def fitted(
    times: Callable[[Calibration], np.ndarray], measured: np.ndarray, source: str, weights: np.ndarray
) -> Calibration:
    """The constants that fit measured times best.

    Args:
        times: (n,) of predicted seconds, by constants. measured: (n,) seconds. weights: (n,) of rows.

    Returns:
        With the error in sample.
    """
    from scipy.optimize import minimize

    def loss(point: np.ndarray) -> float:
        found = times(Calibration(efficiency=float(np.exp(point[0])), overhead=float(np.exp(point[1]))))
        return float(np.average(np.abs(np.log(found / measured)), weights=weights))

    starts = [(np.log(0.6), np.log(1e-4)), (np.log(0.9), np.log(1e-3))]
    best = min((minimize(loss, start, method="Nelder-Mead") for start in starts), key=lambda found: float(found.fun))
    efficiency, overhead = np.exp(best.x).tolist()
    made = Calibration(efficiency=float(f"{efficiency:.3g}"), overhead=float(f"{overhead:.3g}"), source=source)
    error = np.average(np.abs(times(made) / measured - 1), weights=weights)
    return made.model_copy(update={"error": float(f"{error:.3g}")})


def left_out(
    fit: Callable[[np.ndarray], Calibration],
    times: Callable[[Calibration], np.ndarray],
    measured: np.ndarray,
    groups: Sequence[str],
) -> dict[str, float]:
    """The mean relative error on each group's rows by constants that are fitted to all others.

    Args:
        fit: constants from the rows of a mask. groups: (n,) each row's, a model's name say.
    """
    names = np.array(groups)
    errors = {}
    for name in dict.fromkeys(groups):
        here = names == name
        errors[name] = float(np.abs(times(fit(~here))[here] / measured[here] - 1).mean())
    return errors

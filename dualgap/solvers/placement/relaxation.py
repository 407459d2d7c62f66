"""The linear relaxation over types, by SciPy's HiGHS: its size doesn't grow with the number of blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dualgap.problems.attention_placement.rows import loads, placed


@dataclass(frozen=True)
class Relaxed:
    """A vertex of the relaxation.

    Attributes:
        shares: (m, K) blocks, in fractions. weights: (m,) of the devices, at least 0, which prove the bound.
        makespan: of the shares.
    """

    shares: np.ndarray
    weights: np.ndarray
    makespan: float


def relaxed(times: np.ndarray, count: np.ndarray, forbidden: np.ndarray | None = None) -> Relaxed | None:
    """min T with all types placed in fractions; None where the forbidden pairs leave a type without a device.

    Args:
        times: (m, K). count: (K,). forbidden: (m, K) bool.
    """
    from scipy import optimize
    from scipy.sparse import csr_array, hstack

    devices, types = times.shape
    columns, scale = devices * types, float(times.max())
    upper = np.broadcast_to(count.astype(np.float64), times.shape).copy()
    if forbidden is not None:
        upper[forbidden] = 0.0
    busy = hstack([loads(times / scale), csr_array(-np.ones((devices, 1)))])
    bounds = np.column_stack([np.zeros(columns + 1), np.append(upper.ravel(), np.inf)])
    solve: Any = optimize.linprog
    found = solve(
        np.append(np.zeros(columns), 1.0),
        A_ub=csr_array(busy),
        b_ub=np.zeros(devices),
        A_eq=csr_array(hstack([placed(devices, types), csr_array((types, 1))])),
        b_eq=count.astype(np.float64),
        bounds=bounds,
        method="highs-ds",
    )
    if found.x is None:
        return None
    weights = np.maximum(-np.asarray(found.ineqlin.marginals), 0.0)
    return Relaxed(found.x[:-1].reshape(times.shape), weights, float(found.x[-1]) * scale)

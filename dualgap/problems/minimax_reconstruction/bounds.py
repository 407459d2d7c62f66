"""Lower bounds on the worst error, from a prior over signals: the worst is at least the mean, under any prior.

For signals with mean square ``D = E[xx'] / radius^2``, tr D = 1, the least mean squared error of any linear
reconstruction has a closed form (Wiener's filter): with K = particular + free Z and orthonormal bases w, s,

    min over Z of tr(E D E') = tr(fixed D fixed') + tr(n'Dn) - tr(n'Ds (s'Ds)^-1 s'Dn),  n = w free,

and the part outside W besides, where it counts. The least favourable prior attains the minimax error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dualgap.core.arrays import Matrix
from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Witness
from dualgap.problems.minimax_reconstruction.geometry import Geometry

if TYPE_CHECKING:
    from dualgap.problems.minimax_reconstruction.spec import MinimaxReconstruction

WHITE = 1e-10
"""The share of white noise in S that is mixed into a prior: what is hardly seen would else be seen perfectly."""

_SHARES = (1e-14, WHITE, 1e-7)  # every mixture bounds: the best is taken
_ROUNDING = 4e-16  # of a mean squared error, for each dimension


class Prior(Witness):
    """(n, k) signals as columns; scaled to a sum of squares of 1, their outer products add up to the prior's D."""

    type: ClassVar[str] = "prior"
    signals: Matrix


def prove(problem: MinimaxReconstruction, witness: Witness) -> Bound:
    """The bound of a prior.

    Raises:
        InvalidWitnessError: another witness, signals of another length, or none that isn't 0.
    """
    if not isinstance(witness, Prior):
        raise InvalidWitnessError(f"{problem.kind} takes no {witness.type} witness")
    signals = np.asarray(witness.signals, dtype=np.float64)
    if signals.shape[0] != problem.size:
        raise InvalidWitnessError(f"signals of length {signals.shape[0]}, not {problem.size}")
    length = float(np.linalg.norm(signals))
    if length == 0.0:
        raise InvalidWitnessError("a prior on nothing but the signal 0")
    geometry, radius = problem.geometry, float(problem.radius)
    mean = max(least_mean_square(geometry, signals / length, share) for share in _SHARES)
    safe = max(0.0, mean - _ROUNDING * (geometry.size + geometry.w.shape[1]))
    value = radius * float(np.sqrt(safe))
    return Bound(
        value,
        Evidence.NUMERICAL,
        "the mean error under a prior",
        margin=radius * float(np.sqrt(max(mean, 0.0))) - value,
    )


def least_mean_square(geometry: Geometry, signals: np.ndarray, white: float) -> float:
    """The least mean squared error of an admissible reconstruction under a prior, a share of it being white noise in S.

    Args:
        geometry: of the problem.
        signals: (n, k) the rest of the prior, sum of squares 1.
        white: the share.
    """
    count = geometry.s.shape[1]
    inside = geometry.frame.T @ signals
    prior = np.hstack([np.sqrt(1.0 - white) * inside, np.sqrt(white / count) * geometry.s])
    held = geometry.free @ geometry.free.T
    fixed = geometry.particular @ geometry.s.T - geometry.w.T + held @ geometry.w.T
    sampled, wanted = geometry.s.T @ prior, geometry.free.T @ (geometry.w.T @ prior)
    left = wanted - np.linalg.lstsq(sampled.T, wanted.T, rcond=None)[0].T @ sampled
    total = float(np.sum((fixed @ prior) ** 2) + np.sum(left * left))
    if geometry.excess:
        return total
    unseen = float(np.sum(signals * signals) - np.sum(inside * inside)) * (1.0 - white)
    outside = prior - geometry.w @ (geometry.w.T @ prior)
    return total + float(np.sum(outside * outside)) + max(0.0, unseen)

"""Lower bounds on the concept's R^2: no removal of ``limit`` directions takes more of GG' than its largest eigenvalues.

R^2 after an erasure is ``tr(GG') - tr(W'GG'W)`` for orthonormal W of at most ``limit`` columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import GradientPoint, Spectrum, Strategies, Witness
from dualgap.problems.concept_erasure.geometry import settled
from dualgap.problems.spectra import sum_of_largest

if TYPE_CHECKING:
    from dualgap.problems.concept_erasure.spec import ConceptErasure

_ROUNDING = 1e-12  # of the decompositions, for data of any size that fits a machine: R^2 is at most 1


def prove(problem: ConceptErasure, witness: Witness) -> Bound:
    """The bound of eigenpairs of GG', of a predictor, or of the fantope.

    Raises:
        InvalidWitnessError: the witness bounds nothing here.
    """
    geometry, count = problem.geometry, problem.limit
    if count >= geometry.size:
        return _bound(0.0, "R2 is never negative")
    if isinstance(witness, Spectrum):
        most = sum_of_largest(geometry.moments, np.eye(geometry.size), count, witness)
        largest = "the largest eigenvalue" if count == 1 else f"the {count} largest eigenvalues"
        return _bound(_total(geometry.signal) - most, f"{largest}, confirmed by a factorisation")
    if isinstance(witness, Strategies):
        return _bound(against(geometry.signal, witness.y, count), "the predictor, whatever is removed")
    if isinstance(witness, GradientPoint):  # the objective is linear: its gradient is the same everywhere
        most = float(np.linalg.eigvalsh(geometry.moments)[-count:].sum())
        return _bound(_total(geometry.signal) - most, "the best point of the fantope")
    raise InvalidWitnessError(f"{problem.kind} takes no {witness.type} witness")


def against(signal: np.ndarray, predictor: np.ndarray, count: int) -> float:
    """What a predictor, held fixed, tells of the concept at least, whatever ``count`` directions are removed.

    ``min over M in the fantope of 2 <G, (I - M) T> - <T, (I - M) T> = tr C - (the sum of C's largest eigenvalues)``
    with ``C = G T' + T G' - T T'``.

    Raises:
        InvalidWitnessError: the predictor has another size.
    """
    if predictor.size != signal.size:
        raise InvalidWitnessError(f"a predictor of {predictor.size} numbers, not {signal.size}")
    theta = np.asarray(predictor, dtype=np.float64).reshape(signal.shape)
    cross = signal @ theta.T
    values = np.linalg.eigvalsh(cross + cross.T - theta @ theta.T)
    return float(values[:-count].sum())


def _total(signal: np.ndarray) -> float:
    return float(np.sum(signal * signal))


def _bound(value: float, argument: str) -> Bound:
    return Bound(max(0.0, settled(value) - _ROUNDING), Evidence.NUMERICAL, argument, margin=_ROUNDING)

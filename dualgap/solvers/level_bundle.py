"""A proximal level method: maximises a concave dual by cutting planes, and knows how far it is from the maximum.

Every inner minimum gives a plane ``q_i + g_i'(y - y_i)`` above the dual. The next multipliers are those nearest to the
best ones at which all planes reach a level above the best value (Lemarechal, Nemirovskii and Nesterov, New variants of
bundle methods, 1995; Brannlund, Kiwiel and Lindberg, A descent proximal level bundle method, 1995). Where no
multipliers do, the level bounds the dual from above. The planes that say so have weights whose mixture of primal
minimisers is an optimum of the convexified program, up to the gap.

The projection is a least distance program, solved as nonnegative least squares (Lawson and Hanson, Solving least
squares problems, 1974, chapter 23).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dualgap.core.claim import Stop
from dualgap.core.forms import DualisedProgram, Inner
from dualgap.solvers.polish import Peak

_FIRST_LEVEL = 0.02  # of |q|: how far above the best value the first level is
_SHARE = 0.5  # of the gap: where the level is, once there is an upper bound
_EMPTY = 1e-9  # residuals of a projection below this mean that nothing reaches the level


@dataclass(frozen=True)
class _Plane:
    """``height + slope'y``, above the dual everywhere, and the minimiser that it comes from."""

    height: float
    slope: np.ndarray
    primal: Any


@dataclass
class LevelBundle:
    """The state of the method; ``advance`` makes one step.

    Attributes:
        form: whose dual is maximised.
        first: where to begin.
        iterations: at most so many steps.
        planes: at most so many are kept.
        tolerance: relative; finished where the upper bound is so close to the best value.
        upper: no dual value is larger, up to rounding.
    """

    form: DualisedProgram
    first: Peak
    iterations: int
    planes: int
    tolerance: float
    count: int = 0
    stop: Stop | None = None
    upper: float = field(init=False)
    average: Any = field(init=False)
    best: np.ndarray = field(init=False)
    best_inner: Inner = field(init=False)

    def __post_init__(self) -> None:
        self.best, self.best_inner = self.first.multipliers, self.first.inner
        self.upper = self.form.primal_value
        self.average = self.first.primal
        self.reach = _FIRST_LEVEL * max(abs(self.first.value), 1.0)
        self.bundle = [_plane(self.best, self.best_inner)]
        self._shown = False  # that some level is out of reach

    def advance(self) -> None:
        """Moves to the level, or finds that nothing reaches it; sets ``stop`` where it ends."""
        value = self.best_inner.value
        gap = self.upper - value
        if gap <= self.tolerance * max(abs(value), 1.0):
            self.stop = Stop.FINISHED
            return
        level = value + min(self.reach, _SHARE * gap)
        step, weights = self._projection(level)
        if weights.any() and (step is None or not self._shown):
            self.average = _mixture(self.bundle, weights, self.best_inner.primal)
        if step is None:
            self._shown = True
            self.upper = level
            self.reach = _SHARE * (level - value)
            return
        self._look(self.form.nearest(self.best + step), level, weights)
        if self.stop is None and self.count >= self.iterations:
            self.stop = Stop.ITERATIONS

    def _look(self, multipliers: np.ndarray, level: float, weights: np.ndarray) -> None:
        """Adds the plane at new multipliers, and keeps them where they are better."""
        inner, value = self.form.inner(multipliers), self.best_inner.value
        if not np.isfinite(inner.value):
            self.stop = Stop.NONFINITE
            return
        self.count += 1
        if len(self.bundle) >= self.planes:
            self.bundle = _thinned(self.bundle, weights, self.planes // 2)
        self.bundle.append(_plane(multipliers, inner))
        if inner.value > value:
            self.best, self.best_inner = multipliers, inner
        if inner.value >= 0.5 * (value + level):
            self.reach *= 2.0

    def _projection(self, level: float) -> tuple[np.ndarray | None, np.ndarray]:
        """(step to the nearest multipliers whose planes all reach the level, or None; (p,) weights of the planes)."""
        slopes = np.array([plane.slope for plane in self.bundle])
        scale = self.form.scale
        if scale is None:
            sizes = np.sqrt((slopes**2).mean(axis=0))
            scale = np.where(sizes > 0, sizes, 1.0)
        slopes = slopes / scale
        short = level - np.array([plane.height + plane.slope @ self.best for plane in self.bundle])
        norms = np.maximum(np.linalg.norm(slopes, axis=1), 1e-300)
        signs, ends = self._signs(scale)
        rows, right = np.vstack([slopes / norms[:, None], signs]), np.concatenate([short / norms, ends])
        step, weights = _least_distance(rows, right)
        return (None if step is None else step / scale), weights[: len(norms)] / norms

    def _signs(self, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The multipliers' signs (and their total) as rows on the scaled step, and their right sides."""
        below, above = np.isfinite(self.form.lower), np.isfinite(self.form.upper)
        unit = np.eye(self.form.dimension)
        ends = [((self.form.lower - self.best) * scale)[below], ((self.best - self.form.upper) * scale)[above]]
        rows = [unit[below], -unit[above]]
        if self.form.total is not None:
            rows += [scale.min() / scale, -scale.min() / scale]
            ends.append(np.zeros(2))
        return np.vstack(rows), np.concatenate(ends)


def _plane(multipliers: np.ndarray, inner: Inner) -> _Plane:
    return _Plane(inner.value - float(inner.supergradient @ multipliers), inner.supergradient, inner.primal)


def _mixture(bundle: list[_Plane], weights: np.ndarray, otherwise: Any) -> Any:
    """The planes' minimisers in the proportion of their weights, where they are arrays."""
    if not all(isinstance(plane.primal, np.ndarray) for plane in bundle):
        return otherwise
    return (weights / weights.sum()) @ np.array([plane.primal for plane in bundle])


def _thinned(bundle: list[_Plane], weights: np.ndarray, size: int) -> list[_Plane]:
    """The heaviest and newest planes, and all weighted ones in one, which keeps what they said together."""
    kept = sorted(np.lexsort((np.arange(len(bundle)), weights))[-size:].tolist())
    thinned = [bundle[i] for i in kept]
    if not weights.any():
        return thinned
    share = weights / weights.sum()
    height = float(share @ np.array([plane.height for plane in bundle]))
    slope = share @ np.array([plane.slope for plane in bundle])
    return [_Plane(height, slope, _mixture(bundle, weights, bundle[-1].primal)), *thinned]


def _least_distance(rows: np.ndarray, right: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """(the shortest z with ``rows z >= right``, None where there is none; the rows' weights in showing either)."""
    from scipy.optimize import nnls

    size = float(np.abs(right).max(initial=0.0)) or 1.0
    matrix = np.vstack([rows.T, right / size])
    target = np.zeros(len(matrix))
    target[-1] = 1.0
    weights, distance = nnls(matrix, target, maxiter=30 * matrix.shape[1])
    residual = matrix @ weights - target
    if distance <= _EMPTY or -residual[-1] <= _EMPTY**2:
        return None, weights
    return -size * residual[:-1] / residual[-1], weights

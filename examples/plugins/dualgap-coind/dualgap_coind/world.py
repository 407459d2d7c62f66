"""Gaussian clusters under noise: what each condition's score is, and the nodes on which scores are measured.

A point of the data has two attributes, each - or +, and is drawn from ``N(m(c1, c2), sigma^2 I)``. Noise preserves the
variance: ``x_t = a x_0 + b eps``, ``a^2 + b^2 = 1`` (Song et al., score-based generative modelling, 2021). Every score
is ``-(x - a u(x, t)) / v`` with ``v = a^2 sigma^2 + b^2``, so a score function is told by its mean function u.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dualgap_coind.problem import ConditionalIndependence

CONDITIONS = 8
_POINTS = 7  # Gauss-Hermite, in each direction


@dataclass(frozen=True, eq=False)
class World:
    """An instance as arrays. Conditions: three observed pairs, then ``-0 +0 0- 0+`` with 0 for "any", then ``00``.

    Attributes:
        centres: (3, 2) means of the observed pairs; ``shares`` (3,) of the data.
        goal: (2,) the mean of the pair that was never seen.
        members: (8, 3) the pairs that each condition is made of, by share.
        rows: (3, 8) ``u(c1, 0) + u(0, c2) - u(c1, c2) - u(0, 0)`` of the observed pairs: 0 where they are independent.
        unseen: (8,) the same of the unseen pair, without its own term: what composes it.
        weights: (8,) of the conditions in the loss; ``free`` (8,) the conditions that aren't pinned to the data.
        x, a, b, mass: (n, 2), (n,), (n,), (n,) nodes, their noise levels and their shares, which sum to 1.
        root: (8, r) L with ``LL' = E (a b / v)^2 u u'`` of the data's own mean functions u, their r directions.
    """

    centres: np.ndarray
    shares: np.ndarray
    sigma: float
    goal: np.ndarray
    members: np.ndarray
    rows: np.ndarray
    unseen: np.ndarray
    weights: np.ndarray
    free: np.ndarray
    x: np.ndarray
    a: np.ndarray
    b: np.ndarray
    mass: np.ndarray
    root: np.ndarray

    def variance(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """``v``, the variance of a cluster under noise."""
        return np.asarray(a**2 * self.sigma**2 + b**2)


def means(
    centres: np.ndarray, members: np.ndarray, sigma: float, x: np.ndarray, a: np.ndarray, b: np.ndarray
) -> np.ndarray:
    """(n, 8, 2) the data's own mean functions: responsibilities of the clusters times their means."""
    v = a**2 * sigma**2 + b**2
    far = np.sum((x[:, None] - a[:, None, None] * centres) ** 2, axis=2) / (2 * v[:, None])
    with np.errstate(divide="ignore"):
        logits = np.log(members) - far[:, None]
    likely = np.exp(logits - logits.max(axis=2, keepdims=True))
    return np.asarray(likely / likely.sum(axis=2, keepdims=True) @ centres)


def noise(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(a, b) at times in [0, 1]; the rate of noise grows from 0.1 to 20 (Ho, Jain and Abbeel 2020)."""
    a = np.exp(-0.05 * t - 4.975 * t**2)
    return a, np.sqrt(-np.expm1(2 * np.log(a)))


def middles(count: int) -> np.ndarray:
    """(count,) midpoints of equal parts of [0, 1]."""
    return (np.arange(count) + 0.5) / count


@lru_cache(maxsize=16)
def world(problem: ConditionalIndependence) -> World:
    """The instance's arrays, kept for the next call."""
    shares = np.asarray(problem.shares, dtype=np.float64)
    shares = shares / shares.sum()
    pairs = [(i, j) for i in (0, 1) for j in (0, 1) if shares[i, j] > 0]
    ((m, n),) = [(i, j) for i in (0, 1) for j in (0, 1) if shares[i, j] == 0]
    first, second = np.asarray(problem.first, dtype=np.float64), np.asarray(problem.second, dtype=np.float64)
    centres, sigma = np.array([[first[i], second[j]] for i, j in pairs]), float(problem.sigma)
    told = [np.eye(3, dtype=bool)[k] for k in range(3)]
    told += [np.array([pair[side] == sign for pair in pairs]) for side in (0, 1) for sign in (0, 1)]
    share = np.array([shares[pair] for pair in pairs])
    mass = np.array([*told, np.ones(3, dtype=bool)]) * share
    rate, totals = float(problem.rate), mass.sum(axis=1)
    patterns = (rate * (1 - rate), rate**2) if problem.dropped == "each" else (0.0, rate)
    kept = (1 - rate) ** 2 if problem.dropped == "each" else 1 - rate
    weights = totals * np.array([kept] * 3 + [patterns[0]] * 4 + [patterns[1]])

    def composed(i: int, j: int) -> np.ndarray:
        row = np.zeros(CONDITIONS)
        row[[3 + i, 5 + j, 7]] = 1.0, 1.0, -1.0
        return row

    rows = np.array([composed(*pair) - np.eye(CONDITIONS)[k] for k, pair in enumerate(pairs)])
    members = mass / totals[:, None]
    points, chances = np.polynomial.hermite_e.hermegauss(_POINTS)
    grid = np.stack(np.meshgrid(points, points), axis=-1).reshape(-1, 2)
    chance = np.outer(chances, chances).ravel() / chances.sum() ** 2
    a, b = noise(middles(problem.levels))
    v = a**2 * sigma**2 + b**2
    x = a[:, None, None, None] * centres[:, None] + np.sqrt(v)[:, None, None, None] * grid
    each = np.broadcast_to(share[:, None] * chance / problem.levels, x.shape[:-1]).ravel()
    x = x.reshape(-1, 2)
    wide = [np.repeat(one, 3 * len(grid)) for one in (a, b, v)]
    own = means(centres, members, sigma, x, wide[0], wide[1])
    scale = each * (wide[0] * wide[1] / wide[2]) ** 2
    return World(
        centres=centres,
        shares=share,
        sigma=sigma,
        goal=np.array([first[m], second[n]]),
        members=members,
        rows=rows,
        unseen=composed(m, n),
        weights=weights,
        free=np.arange(CONDITIONS) >= (3 if problem.pinned else 0),
        x=x,
        a=wide[0],
        b=wide[1],
        mass=each,
        root=_root(np.einsum("n,ncd,nkd->ck", scale, own, own)),
    )


def _root(gram: np.ndarray) -> np.ndarray:
    """(8, r) its root, without directions that are rounding."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-12 * values[-1]
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept]))

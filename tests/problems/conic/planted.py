"""Random conic programs whose optimum is planted: complementary slack and multipliers, then data that fit them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from dualgap.core.cones import Kind, blocks, triangle_of
from dualgap.core.forms import Cones, ConicProgram

ALL = Cones(zero=1, nonnegative=4, second_order=(3, 4), exponential=2, semidefinite=(3,))


@dataclass(frozen=True)
class Planted:
    form: ConicProgram
    point: np.ndarray
    multipliers: np.ndarray
    optimum: float


def planted(seed: int, cones: Cones = ALL, columns: int = 5, quadratic: bool = False) -> Planted:
    rng = np.random.default_rng(seed)
    slack, multipliers = np.zeros(cones.rows), np.zeros(cones.rows)
    for block in blocks(cones):
        slack[block.rows], multipliers[block.rows] = _pair(block.kind, block.order, rng)
    matrix, point = rng.normal(size=(cones.rows, columns)), rng.normal(size=columns)
    half = rng.normal(size=(columns, columns - 2))
    curve = half @ half.T if quadratic else np.zeros((columns, columns))
    curve = (curve + curve.T) / 2
    form = ConicProgram(
        cost=-matrix.T @ multipliers - curve @ point,
        matrix=csr_array(matrix),
        right_side=matrix @ point + slack,
        cones=cones,
        quadratic=csr_array(curve) if quadratic else None,
        offset=float(rng.normal()),
    )
    return Planted(form, point, multipliers, form.objective(point))


def _pair(kind: Kind, order: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A slack and multipliers with inner product 0."""
    if kind is Kind.ZERO:
        return np.zeros(order), rng.normal(size=order)
    if kind is Kind.NONNEGATIVE:
        active = rng.random(order) < 0.5
        return np.where(active, 0.0, rng.random(order)), np.where(active, rng.random(order), 0.0)
    if kind is Kind.SECOND_ORDER:
        tail = rng.normal(size=order - 1)
        size = np.linalg.norm(tail)
        return np.append(size, tail), rng.random() * np.append(size, -tail)
    if kind is Kind.EXPONENTIAL:  # the gradient of the surface at (x, y, y exp(x / y))
        x, y = rng.normal(), 0.3 + rng.random()
        grown = np.exp(x / y)
        slope = np.array([-grown, (x / y - 1.0) * grown, 1.0])
        return np.array([x, y, y * grown]), rng.random() * slope
    basis = np.linalg.qr(rng.normal(size=(order, order)))[0]
    values = rng.random(order)
    split = np.arange(order) < order // 2
    left, right = (basis * np.where(split, values, 0.0)), (basis * np.where(split, 0.0, values))
    return triangle_of(left @ basis.T), triangle_of(right @ basis.T)

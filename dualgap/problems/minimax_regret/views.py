"""The forms of the problem: a conic program, the dual over group weights, a saddle program, smooth programs."""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import (
    ConicProgram,
    Convexity,
    DualisedProgram,
    Inner,
    SaddleProgram,
    SmoothProgram,
)
from dualgap.core.relations import Relation
from dualgap.core.sets import Ball, Simplex
from dualgap.core.views import View
from dualgap.core.witness import ConicMultipliers, GradientPoint, Multipliers, Strategies, Witness
from dualgap.problems.minimax_regret import smooth
from dualgap.problems.minimax_regret.cones import Lifted, lifted
from dualgap.problems.minimax_regret.proofs import GroupWeights
from dualgap.problems.minimax_regret.quadratics import Quadratics

if TYPE_CHECKING:
    from dualgap.problems.minimax_regret.spec import LinearModel, MinimaxRegret

_SMOOTHING = 1e-3  # of the pooled fit's worst score: what the smooth maximum may be above the maximum
_ROUNDED = 1e-12  # of the largest weight: smaller ones are rounded zeros


def views(problem: MinimaxRegret) -> tuple[View, ...]:
    """``cones``, ``weights``, ``saddle``, ``epigraph`` and ``smooth-maximum``."""
    saddle = [_saddle(problem)] if problem.reach is not None else []
    return (_cones(problem), _weights(problem), *saddle, _epigraph(problem), _smooth_maximum(problem))


def _model(theta: Any) -> LinearModel:
    from dualgap.problems.minimax_regret.spec import LinearModel

    return LinearModel(coefficients=np.asarray(theta, dtype=np.float64))


def _mixture(weights: np.ndarray) -> GroupWeights | None:
    """A witness of multipliers that rounding may have left a little off 0; None where nothing is left."""
    kept = np.maximum(np.nan_to_num(weights, posinf=0.0), 0.0)
    kept[kept < _ROUNDED * kept.max()] = 0.0
    return GroupWeights(weights=kept / kept.sum()) if kept.sum() > 0 else None


def _cones(problem: MinimaxRegret) -> View:
    size = len(problem.coefficient_names)

    @lru_cache(maxsize=1)
    def program() -> Lifted:
        return lifted(problem.scores, problem.pooled)

    def lift(witness: Witness) -> Witness | None:
        return _mixture(program().weights(witness.rows)) if isinstance(witness, ConicMultipliers) else None

    return View(
        name="cones",
        form_type=ConicProgram,
        relation=Relation.EXACT,
        build=lambda: program().form,
        decode=lambda point: _model(point[:size]),
        encode=lambda answer: program().extend(answer.coefficients),
        lift_witness=lift,
    )


def _weights(problem: MinimaxRegret) -> View:
    def build() -> DualisedProgram:
        scores, k = problem.scores, len(problem.group_names)

        def inner(weights: np.ndarray) -> Inner:
            theta = scores.weighted(weights, problem.pooled)
            values = scores.values(theta)
            return Inner(float(weights @ values), values, theta)

        worst = float(scores.values(problem.pooled).max())
        return DualisedProgram(
            dimension=k,
            lower=np.zeros(k),
            upper=np.full(k, np.inf),
            inner=inner,
            initial=problem.shares,
            primal_value=worst,
            primal=lambda theta: float(scores.values(np.asarray(theta)).max()),
            total=1.0,
        )

    return View(
        name="weights",
        form_type=DualisedProgram,
        relation=Relation.EXACT,
        build=build,
        decode=_model,
        encode=lambda answer: answer.coefficients,
        lift_witness=lambda witness: _mixture(witness.rows) if isinstance(witness, Multipliers) else None,
        encode_witness=lambda witness: Multipliers(rows=witness.weights) if isinstance(witness, GroupWeights) else None,
    )


def _saddle(problem: MinimaxRegret) -> View:
    def build() -> SaddleProgram:
        assert problem.reach is not None
        quadratic = isinstance(problem.risks, Quadratics)
        return SaddleProgram(
            objective=smooth.weighted_score,
            x_set=Ball(radius=problem.reach, centre=problem.pooled),
            y_set=Simplex(),
            initial=(problem.pooled, problem.shares),
            data=smooth.data_of(problem.scores),
            best_x=smooth.best_quadratic if quadratic else None,
            best_y=smooth.worst_group,
        )

    return View(
        name="saddle",
        form_type=SaddleProgram,
        relation=Relation.EXACT,
        build=build,
        decode=lambda point: _model(point[0]),
        lift_witness=lambda witness: _mixture(witness.y) if isinstance(witness, Strategies) else None,
    )


def _epigraph(problem: MinimaxRegret) -> View:
    """Its values aren't carried: e of a point that misses a row by a little is no score."""

    def build() -> SmoothProgram:
        worst = float(problem.scores.values(problem.pooled).max())
        return SmoothProgram(
            objective=smooth.height,
            initial=(problem.pooled, np.float64(worst)),
            data=smooth.data_of(problem.scores),
            inequalities=smooth.excesses,
            convexity=Convexity.CONVEX,
        )

    return View(
        name="epigraph",
        form_type=SmoothProgram,
        relation=Relation.EXACT,
        build=build,
        decode=lambda point: _model(point[0]),
        encode=lambda answer: (answer.coefficients, problem.scores.values(answer.coefficients).max()),
        lift_bound=None,
        lift_witness=lambda witness: _mixture(witness.rows) if isinstance(witness, Multipliers) else None,
    )


def _smooth_maximum(problem: MinimaxRegret) -> View:
    """Less ``t log k``, the smooth maximum is below the maximum: a relaxation."""
    k = len(problem.group_names)

    @lru_cache(maxsize=1)
    def data() -> smooth.Data:
        worst = float(problem.scores.values(problem.pooled).max())
        return smooth.data_of(problem.scores) | {"temperature": _SMOOTHING * max(worst, 1e-12) / log(max(k, 2))}

    def build() -> SmoothProgram:
        moduli = problem.scores.scale * [problem.risks.modulus(row) for row in np.eye(k)]
        return SmoothProgram(
            objective=smooth.smooth_maximum,
            initial=problem.pooled,
            data=data(),
            convexity=Convexity.CONVEX,
            modulus=float(moduli.min()),
        )

    def lift(witness: Witness) -> Witness | None:
        """The weights with which the groups' gradients enter that of the smooth maximum."""
        if not isinstance(witness, GradientPoint):
            return None
        scores = problem.scores.values(np.asarray(witness.point, dtype=np.float64))
        return _mixture(np.exp((scores - scores.max()) / data()["temperature"]))

    return View(
        name="smooth-maximum",
        form_type=SmoothProgram,
        relation=Relation.RELAXATION,
        build=build,
        decode=_model,
        encode=lambda answer: answer.coefficients,
        lift_bound=lambda bound: float(bound) - data()["temperature"] * log(k),
        lift_witness=lift,
    )

"""Dual ascent on the price of conditional independence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from dualgap import Claim, Context, Multipliers, Solver, Stop, Trait
from dualgap_coind.closed import claimed
from dualgap_coind.lagrangian import LARGEST, dual, loss, mended, minimiser, residual
from dualgap_coind.problem import ConditionalIndependence
from dualgap_coind.scores import Scores
from dualgap_coind.world import world


@dataclass(frozen=True)
class DualAscent(Solver):
    """Gradient steps on the dual function: the price rises while the residual is above its limit (Uzawa 1958).

    A step that doesn't raise the dual value is taken back and halved; one that does is doubled for the next. Scores
    that still break the limit are moved towards the constrained ones, as far as they must.

    Attributes:
        tolerance: of the gap between the scores' loss and the dual value, relative.
        iterations: at most so many.
    """

    name: ClassVar[str] = "dual-ascent@coind"
    summary: ClassVar[str] = "raises the price of conditional dependence until it is within its limit"
    accepts: ClassVar[tuple[type, ...]] = (ConditionalIndependence,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME})

    tolerance: float = 1e-7
    iterations: int = 2000

    def solve(self, form: ConditionalIndependence, ctx: Context) -> Claim:
        told, limit = world(form), float(form.independence)
        price, step, stop = 0.0, 1.0, Stop.ITERATIONS
        mixing, value = minimiser(told, 0.0), dual(told, 0.0, limit)[0]
        best, at = mended(told, mixing, limit), 0
        for at in range(1, self.iterations + 1):
            if ctx.should_stop():
                stop = Stop.TIME
                break
            tried = float(np.clip(price + step * (residual(told, mixing) - limit), 0.0, LARGEST))
            raised = dual(told, tried, limit)[0]
            if raised < value:
                step /= 2
                continue
            price, value, step = tried, raised, 2 * step
            mixing = minimiser(told, price)
            moved = mended(told, mixing, limit)
            if loss(told, moved) <= loss(told, best):
                best = moved
                ctx.report(point=Scores(mixing=best), witness=Multipliers(rows=np.array([price])), iterations=at)
            if loss(told, best) - value <= self.tolerance * max(value, 1e-12):
                stop = Stop.FINISHED
                break
        return replace(claimed(told, best, price, limit, at), stop=stop)

"""The constrained scores in closed form, and those of a penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap import Claim, Context, Multipliers, Solver, Trait
from dualgap_coind.lagrangian import LARGEST, loss, mended, minimiser, residual
from dualgap_coind.problem import ConditionalIndependence
from dualgap_coind.scores import Scores
from dualgap_coind.world import World, world

_LEAST = 1e-6


@dataclass(frozen=True)
class ClosedForm(Solver):
    """The best score functions of all within the limit: the price at which the residual is the limit, by bisection.

    Without a limit's room, the equations of Karush, Kuhn and Tucker.
    """

    name: ClassVar[str] = "closed-form@coind"
    summary: ClassVar[str] = "conditionally independent scores in closed form"
    accepts: ClassVar[tuple[type, ...]] = (ConditionalIndependence,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    def solve(self, form: ConditionalIndependence, ctx: Context) -> Claim:
        from scipy.optimize import brentq

        told, limit = world(form), float(form.independence)

        def over(log: float) -> float:
            return float(np.log(residual(told, minimiser(told, np.exp(log))) / limit))

        if residual(told, minimiser(told, 0.0)) <= limit:
            return claimed(told, minimiser(told, 0.0), 0.0, limit)
        if limit == 0 or residual(told, minimiser(told, LARGEST)) > limit:
            return claimed(told, minimiser(told, np.inf), 1e6, limit)
        if residual(told, minimiser(told, _LEAST)) <= limit:  # no loss is on what has to change
            return claimed(told, minimiser(told, np.inf), _LEAST, limit)
        price = float(np.exp(brentq(over, np.log(_LEAST), np.log(LARGEST), xtol=1e-14)))
        return claimed(told, mended(told, minimiser(told, price), limit), price, limit)


@dataclass(frozen=True)
class Penalty(Solver):
    """The scores that minimise ``loss + weight residual``, whatever the limit; weight 0 is training without it.

    Attributes:
        weight: of the residual.
    """

    name: ClassVar[str] = "penalty@coind"
    summary: ClassVar[str] = "scores with a penalty on conditional dependence"
    accepts: ClassVar[tuple[type, ...]] = (ConditionalIndependence,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    weight: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= LARGEST:
            raise ValueError(f"weight must be between 0 and {LARGEST:g}, got {self.weight:g}")

    def solve(self, form: ConditionalIndependence, ctx: Context) -> Claim:
        told = world(form)
        return claimed(told, minimiser(told, self.weight), self.weight, float(form.independence))


def claimed(told: World, mixing: np.ndarray, price: float, limit: float, iterations: int = 0) -> Claim:
    """The mixing with its price, called feasible where its residual is within the limit, up to rounding."""
    left = residual(told, mixing)
    return Claim(
        point=Scores(mixing=mixing),
        feasible=left <= limit + 1e-12,
        value=loss(told, mixing),
        witness=Multipliers(rows=np.array([price])),
        statistics={"price": price, **({"iterations": iterations} if iterations else {})},
        message=""
        if left <= limit + 1e-12
        else f"the residual is {left:.3g}, {limit:.3g} is allowed: raise the weight",
    )

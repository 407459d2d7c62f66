"""Newton's method on logistic loss with few linear constraints: an active set of them, and its multipliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Multipliers
from dualgap.problems.fair_classifier import FairClassifier
from dualgap.problems.fair_classifier.covariance import Surrogate
from dualgap.problems.fair_classifier.logistic import sigmoid

_SUFFICIENT = 1e-4  # of the decrease that the gradient promises (Armijo)
_SHORTEST = 1e-8
_WITHIN = 1e-9  # what a covariance may exceed epsilon by


@dataclass(frozen=True)
class CovarianceNewton(Solver):
    """An active-set method whose subproblems Newton's method solves (Nocedal and Wright, 2006, chapter 16).

    Attributes:
        steps: of Newton's method on each active set.
    """

    name: ClassVar[str] = "covariance-newton"
    summary: ClassVar[str] = "Newton's method on logistic loss under bounds on covariances, with their prices"
    accepts: ClassVar[tuple[type, ...]] = (FairClassifier,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    steps: int = 50

    def refuses(self, form: Any) -> str | None:
        assert isinstance(form, FairClassifier)
        return None if form.rates is None else f'it takes metric = "covariance", not {form.metric}'

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, FairClassifier)
        program = form.surrogate
        sides: dict[int, float] = {}  # the active covariances, each with the side of 0 that it is at
        theta, prices = _newton(program, sides, program.best(np.zeros(len(program.rows))), self.steps)
        rounds = 0
        while (changed := _next(program, sides, theta, prices)) is not None and not ctx.should_stop():
            sides, rounds = changed, rounds + 1
            theta, prices = _newton(program, sides, theta, self.steps)
            if rounds > 4 * len(program.rows) + 4:
                break
        multipliers = np.zeros(len(program.rows))
        multipliers[list(sides)] = prices
        point = form.classifier([program.scaling.linear(theta)])
        fair = bool((np.abs(program.rows @ theta) <= program.epsilon + _WITHIN).all())
        return Claim(
            point=point,
            feasible=fair,
            stop=Stop.FINISHED if fair or not ctx.should_stop() else Stop.TIME,
            value=program.loss(theta) if fair else None,
            witness=Multipliers(rows=multipliers),
            statistics={"active sets": rounds + 1},
        )


def _next(
    program: Surrogate, sides: dict[int, float], theta: np.ndarray, prices: np.ndarray
) -> dict[int, float] | None:
    """The active set to try next; None where nothing is violated and every price has its sign."""
    wrong = [row for (row, side), price in zip(sides.items(), prices) if side * price > 0]
    if wrong:
        return {row: side for row, side in sides.items() if row not in wrong}
    found = program.rows @ theta
    excess = np.abs(found) - program.epsilon
    excess[list(sides)] = -np.inf
    worst = int(excess.argmax())
    return {**sides, worst: float(np.sign(found[worst]))} if excess[worst] > _WITHIN else None


def _newton(
    program: Surrogate, sides: dict[int, float], start: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """(theta, prices): the least loss where the active covariances are epsilon, on their sides."""
    active = program.rows[list(sides)]
    wanted = program.epsilon * np.array(list(sides.values()))
    theta = start - np.linalg.pinv(active) @ (active @ start - wanted) if sides else start
    penalty = np.append(np.full(program.x.shape[1] - 1, program.ridge), 0.0)
    value, prices = program.loss(theta), np.zeros(len(sides))
    for _ in range(steps):
        chance = sigmoid(program.x @ theta)
        gradient = program.x.T @ (program.shares * (chance - program.labels)) + penalty * theta
        hessian = (program.x.T * (program.shares * chance * (1.0 - chance))) @ program.x + np.diag(penalty)
        system = np.block([[hessian, -active.T], [active, np.zeros((len(sides), len(sides)))]])
        found = np.linalg.lstsq(system, np.append(-gradient, np.zeros(len(sides))), rcond=None)[0]
        step, prices = found[: len(theta)], found[len(theta) :]
        promised = float(gradient @ step)
        if -promised <= 1e-15 * (1.0 + value):
            return theta, prices
        length, reached = 1.0, program.loss(theta + step)
        while reached > value + _SUFFICIENT * length * promised and length > _SHORTEST:
            length *= 0.5
            reached = program.loss(theta + length * step)
        if not reached < value:
            return theta, prices
        theta, value = theta + length * step, reached
    return theta, prices

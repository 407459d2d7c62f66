"""Along a path of values of a field: what is achieved and what is proved at every value, and between them.

An answer that was found at one value may be feasible at others, and multipliers that bound the optimum at one value
bound it at others: each is tried everywhere, by the problem that is meant there. Between two values a mixture of the
answers at both is tried, too, where the problem mixes answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from dualgap.core.certificate import Bound, Evaluation, Evidence, Sense, gaps
from dualgap.core.errors import DualgapError, InvalidWitnessError
from dualgap.core.exact import Real, fraction, nearest
from dualgap.core.problem import Problem
from dualgap.core.verify import DEFAULT_TOLERANCE, ROUNDING
from dualgap.engine.load import load
from dualgap.engine.run import Run
from dualgap.study.compare import Comparison, written

BETWEEN = 4
"""So many values are looked at between two that were solved."""

_SECONDS = 1.0  # for the replay of a bound at one value


@dataclass(frozen=True)
class Place:
    """What is known at a value of the field.

    Attributes:
        at: the value. solved: whether solvers ran there.
        value: the best that any answer along the path is worth there; ``by`` and ``found_at`` say whose, and
            ``mixed_with`` where the other answer was found if it is a mixture.
        bound: the tightest bound that any witness along the path proves there; ``evidence``, ``bound_by`` and
            ``bound_at`` go with it.
    """

    at: Real
    solved: bool
    value: Real | None = None
    by: str = ""
    found_at: Real | None = None
    mixed_with: Real | None = None
    bound: Real | None = None
    evidence: Evidence = Evidence.NONE
    bound_by: str = ""
    bound_at: Real | None = None

    def relative_gap(self, sense: Sense) -> float | None:
        """Between value and bound; None where one is missing."""
        if self.value is None or self.bound is None:
            return None
        return gaps(sense, self.value, self.bound, ROUNDING * abs(nearest(self.value)))[1]

    def data(self) -> dict[str, Any]:
        """As plain data, fractions as the nearest floats."""
        return {
            name: nearest(value) if isinstance(value, Fraction) else value
            for name, value in vars(self).items()
            if value not in (None, "")
        }


def frontier(comparisons: Sequence[Comparison], between: int = BETWEEN) -> tuple[Place, ...]:
    """Every value of the path and ``between`` ones in each gap, ascending; values that the field doesn't take are left
    out. Empty where the comparisons are no path.
    """
    points = [(comparison.point, comparison) for comparison in comparisons if comparison.point is not None]
    if len(points) < 2 or len({point[0] for point, _ in points}) > 1:
        return ()
    name = points[0][0][0]
    solved = {point[1]: comparison for point, comparison in points}
    places = []
    for at in _spaced(sorted(solved, key=fraction), between):
        problem = solved[at].problem if at in solved else _problem(comparisons[0].problem, name, at)
        if problem is not None:
            places.append(_place(problem, at, at in solved, points))
    return tuple(places)


def _spaced(values: Sequence[Real], between: int) -> list[Real]:
    found: list[Real] = []
    for low, high in pairwise(values):
        step = (fraction(high) - fraction(low)) / (between + 1)
        inside = [fraction(low) + k * step for k in range(1, between + 1)]
        found += [low, *(int(value) if value.denominator == 1 else value for value in inside)]
    return [*found, values[-1]]


def _problem(problem: Problem, name: str, at: Real) -> Problem | None:
    """The problem with the field at a value; None where it takes none such."""
    try:
        return load(problem, settings={name: written(at)}).problem
    except DualgapError:
        return None


def _place(problem: Problem, at: Real, solved: bool, points: Sequence[tuple[Any, Comparison]]) -> Place:
    place = Place(at, solved)
    for point, comparison in points:
        for run in _telling(comparison):
            place = _with_answer(place, problem, run.answer, {"by": run.name, "found_at": point[1]})
            place = _with_bound(place, problem, run, point[1])
    return place if solved else _with_mixtures(place, problem, points)


def _telling(comparison: Comparison) -> list[Run]:
    """The runs that the joint value and bound are from."""
    joint = comparison.joint
    named = {*joint.value_by[:1], *joint.bound_by[:1]}
    return [run for run in comparison.runs if run.name in named]


def _with_mixtures(place: Place, problem: Problem, points: Sequence[tuple[Any, Comparison]]) -> Place:
    """Tries the answers at the neighbours in proportion to how near they are."""
    at = fraction(place.at)
    below = max((item for item in points if fraction(item[0][1]) < at), key=_where, default=None)
    above = min((item for item in points if fraction(item[0][1]) > at), key=_where, default=None)
    if below is None or above is None:
        return place
    share = nearest((at - _where(below)) / (_where(above) - _where(below)))
    for first in _answered(below[1]):
        for second in _answered(above[1]):
            by = first.name if first.name == second.name else f"{first.name} and {second.name}"
            told = {"by": by, "found_at": below[0][1], "mixed_with": above[0][1]}
            place = _with_answer(place, problem, problem.mixture(first.answer, second.answer, share), told)
    return place


def _where(item: tuple[Any, Comparison]) -> Fraction:
    return fraction(item[0][1])


def _answered(comparison: Comparison) -> list[Run]:
    return [run for run in _telling(comparison) if run.answer is not None]


def _with_answer(place: Place, problem: Problem, answer: Any, told: Mapping[str, Any]) -> Place:
    if answer is None:
        return place
    evaluation: Evaluation = problem.evaluate(answer)
    tolerance = 0.0 if evaluation.exact else DEFAULT_TOLERANCE
    failed = evaluation.violations.values()
    held = all(violation.amount <= tolerance * max(1.0, violation.scale) for violation in failed)
    if not held or (place.value is not None and not problem.sense.better(evaluation.objective, place.value)):
        return place
    return replace(place, **{"mixed_with": None, **told}, value=evaluation.objective)


def _with_bound(place: Place, problem: Problem, run: Run, bound_at: Real) -> Place:
    if run.witness is None:
        return place
    try:
        bound: Bound = problem.bound(run.witness, _SECONDS)
    except InvalidWitnessError:
        return place
    tighter = place.bound is None or _other(problem.sense).better(bound.value, place.bound)
    if not bound.evidence.verified or not tighter or abs(nearest(bound.value)) == float("inf"):
        return place
    return replace(place, bound=bound.value, evidence=bound.evidence, bound_by=run.name, bound_at=bound_at)


def _other(sense: Sense) -> Sense:
    return Sense.MINIMIZE if sense is Sense.MAXIMIZE else Sense.MAXIMIZE

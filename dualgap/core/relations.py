"""How a form relates to the problem that it came from, and what it can carry back."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Relation(StrEnum):
    """``exact`` carries everything; ``relaxation`` bounds and infeasibility; ``restriction`` points and unboundedness;
    ``surrogate`` points only. Points are always re-evaluated, and repaired where a view's ``decode`` can.
    """

    EXACT = "exact"
    RELAXATION = "relaxation"
    RESTRICTION = "restriction"
    SURROGATE = "surrogate"

    def then(self, other: Relation) -> Relation:
        """The composition: exact is neutral, a relation with itself is itself, any mix is a surrogate."""
        if self is Relation.EXACT or self is other:
            return other
        return self if other is Relation.EXACT else Relation.SURROGATE

    @property
    def carries_bounds(self) -> bool:
        """Whether a bound, or infeasibility, of the form holds for the problem."""
        return self in (Relation.EXACT, Relation.RELAXATION)

    @property
    def carries_points(self) -> bool:
        """Whether a feasible point, or unboundedness, of the form holds for the problem without repair."""
        return self in (Relation.EXACT, Relation.RESTRICTION)


def compose(relations: Iterable[Relation]) -> Relation:
    """The relation of a whole route, problem first."""
    result = Relation.EXACT
    for relation in relations:
        result = result.then(relation)
    return result

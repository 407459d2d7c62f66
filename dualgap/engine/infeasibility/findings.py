"""What is found out about an infeasible or an unbounded problem, as a run keeps it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from dualgap.core.certificate import Evidence
from dualgap.core.exact import Real, nearest


def closes(bound: Real, total: Real) -> bool:
    """Whether a total is least by a bound from float multipliers."""
    return nearest(total) <= nearest(bound) + 1e-9 * max(1.0, abs(nearest(bound)))


@dataclass(frozen=True)
class Line:
    """A row or column of a conflict in the problem's words: ``labour``, ``10 chairs + 15 tables <= 450``."""

    name: str
    text: str


@dataclass(frozen=True)
class Conflict:
    """Rows, bounds and integrality that can't hold together.

    Attributes:
        members: in words (see ``dualgap.problems.systems.members``).
        lines: the same for people.
        evidence: that they can't hold together: ``proved`` in exact arithmetic, ``claimed`` where a solver said so of
            them alone.
        argument: how that is known.
        irreducible: whether it was verified that, without any one of them, the others can hold.
        remark: why that wasn't verified; empty where it was.
    """

    members: tuple[str, ...]
    lines: tuple[Line, ...]
    evidence: Evidence
    argument: str
    irreducible: bool
    remark: str = ""


@dataclass(frozen=True)
class Change:
    """A side of a row or a bound that is moved: ``amount`` is positive, ``side`` becomes ``relaxed``."""

    member: str
    name: str
    side: Real
    relaxed: Real
    amount: Real


@dataclass(frozen=True)
class Relaxation:
    """The least total change of rows and bounds that leaves a feasible point.

    Attributes:
        changes: the sides that move.
        total: the sum over the changes of amount over size (see ``measure``).
        measure: what is summed, in words.
        bound: no relaxation has a smaller total, by ``evidence``; None where nothing is known.
        point: a point by column that is feasible then, zeros left out.
        exact: whether it is feasible in exact arithmetic (else within 1e-6 of a side's size).
    """

    changes: tuple[Change, ...]
    total: Real
    measure: str
    bound: Real | None
    evidence: Evidence
    point: Mapping[str, Real] = field(default_factory=dict)
    exact: bool = True

    @property
    def least(self) -> bool:
        """Whether no relaxation is smaller, as far as ``evidence`` goes."""
        return self.bound is not None and closes(self.bound, self.total)


@dataclass(frozen=True)
class Infeasibility:
    """Everything that is known of why a problem is infeasible; ``explanation`` is the problem's own."""

    explanation: str = ""
    conflict: Conflict | None = None
    relaxation: Relaxation | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Direction:
    """A direction along which feasible points improve without end.

    Attributes:
        steps: by column, zeros left out: how far each goes in a step.
        gain: what a step adds to the objective (a maximisation's grows, a minimisation's falls).
        start: a feasible point, by column, zeros left out; empty where none came with the direction.
        missing: bounds of which any one that is given stops this direction, in words ("bound chairs <=").
    """

    steps: Mapping[str, Real]
    gain: Real
    start: Mapping[str, Real] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def plain_data(found: Infeasibility | Direction | None) -> dict[str, Any] | None:
    """For a run's JSON; numbers are whole or the nearest floats."""
    data: dict[str, Any] | None = None if found is None else _plain(dataclasses.asdict(found))
    return data


def _plain(data: Any) -> Any:
    if isinstance(data, Fraction):
        return data.numerator if data.denominator == 1 else nearest(data)
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return [_plain(item) for item in data] if isinstance(data, tuple) else data

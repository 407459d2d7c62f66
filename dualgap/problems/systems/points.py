"""Points of systems: checked in exact arithmetic, floats on their way there mended where that is easy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np

from dualgap.core.exact import nearest
from dualgap.problems.systems.members import Kind, Member, Side, System

_CLEAR = 1e-6  # of a row's size: float sums are right about what is further from its side
_DENOMINATORS = (1, 12, 1_000, 10**6)


@dataclass(frozen=True)
class Point:
    """(n,) coordinates, and the members of those asked for that it fails in exact arithmetic (by rounding errors)."""

    values: tuple[Fraction, ...]
    failing: tuple[Member, ...] = ()

    @property
    def exact(self) -> bool:
        return not self.failing


def failing(system: System, members: Collection[Member], values: Sequence[Fraction]) -> tuple[Member, ...]:
    """The members that a point doesn't meet, in exact arithmetic where floats don't settle it."""
    form = system.form
    x = np.array([nearest(value) for value in values])
    activity, size = form.matrix @ x, abs(form.matrix) @ np.abs(x)
    found = []
    for member in members:
        if member.kind is Kind.ROW:
            side = float((form.row_lower if member.side is Side.LOWER else form.row_upper)[member.index])
            slack = (activity[member.index] - side) * (1 if member.side is Side.LOWER else -1)
            if slack > _CLEAR * max(1.0, abs(side), size[member.index]):
                continue
        if system.fails(member, values):
            found.append(member)
    return tuple(found)


def exact_point(system: System, members: Collection[Member], values: Sequence[Fraction]) -> Point:
    """A point near ``values`` that meets the members exactly, if simple fractions give one; else ``values``."""
    whole = {member.index for member in members if member.kind is Kind.INTEGER}
    rounded = [Fraction(round(value)) if j in whole else value for j, value in enumerate(values)]
    best = Point(tuple(rounded), failing(system, members, rounded))
    for denominator in _DENOMINATORS:
        if best.exact:
            break
        simple = tuple(value.limit_denominator(denominator) for value in rounded)
        if not (missed := failing(system, members, simple)):
            best = Point(simple, missed)
    return best


def box_point(system: System, members: Collection[Member]) -> Point | None:
    """A point that meets bounds and integrality alone, or None: there is none."""
    low: dict[int, Fraction] = {}
    high: dict[int, Fraction] = {}
    for member in members:
        if member.kind is Kind.BOUND:
            (low if member.side is Side.LOWER else high)[member.index] = system.side(member)
    for member in members:
        if member.kind is Kind.INTEGER:
            j = member.index
            low |= {j: Fraction(ceil(low[j]))} if j in low else {}
            high |= {j: Fraction(floor(high[j]))} if j in high else {}
    values = [Fraction(0)] * len(system.columns)
    for j in low.keys() | high.keys():
        values[j] = max(Fraction(0), low.get(j, Fraction(0)))
        if j in high:
            values[j] = min(values[j], high[j])
            if j in low and low[j] > high[j]:
                return None
    return Point(tuple(values))

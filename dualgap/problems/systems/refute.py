"""Small integer systems refuted in exact arithmetic: rounding, propagation of bounds, and branching.

Rounding (Gomory 1958, Chvatal 1973): where ``a`` and ``x`` are whole, ``a'x >= b`` gives ``(a / g)'x >= ceil(b / g)``
with g the greatest common divisor of a. Propagation: ``a_j x_j >= b - max over the box of the other terms``.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, gcd, lcm

from dualgap.problems.systems.members import Inequality, Kind, Member, Side, System
from dualgap.problems.systems.minimal import farkas_multipliers

_SWEEPS = 50  # of propagation at a node: bounds may creep for ever

Box = dict[int, tuple[Fraction | None, Fraction | None]]


@dataclass(frozen=True)
class Refutation:
    """Why no point meets a system: a phrase for people, and the nodes that were gone through."""

    argument: str
    nodes: int = 1


def refute(system: System, members: Collection[Member], seconds: float = 10.0) -> Refutation | None:
    """Shows in exact arithmetic that no point meets the members; None where that isn't found in time."""
    end = time.monotonic() + seconds
    whole = frozenset(member.index for member in members if member.kind is Kind.INTEGER)
    linear = [system.inequality(member) for member in members if member.kind is not Kind.INTEGER]
    if farkas_multipliers(linear, seconds) is not None:
        return Refutation("a combination of its rows and bounds can't be met")
    rounded = [_rounded(inequality, whole) for inequality in linear]
    if farkas_multipliers(rounded, max(end - time.monotonic(), 0.0)) is not None:
        return Refutation("its sides rounded to whole numbers, a combination of them can't be met")
    box: Box = {}
    for member in members:
        if member.kind is Kind.BOUND:
            low, high = box.get(member.index, (None, None))
            side = system.side(member)
            box[member.index] = (side, high) if member.side is Side.LOWER else (low, side)
    rows = [inequality for inequality in rounded if len(inequality.columns) != 1]
    rows += [inequality for inequality in rounded if len(inequality.columns) == 1]
    nodes = _search(rows, box, whole, end)
    if nodes is None:
        return None
    return Refutation("bounds propagated to an empty range" if nodes == 1 else f"{nodes:,} cases gone through", nodes)


def _rounded(inequality: Inequality, whole: Collection[int]) -> Inequality:
    """The inequality in coprime whole coefficients, its side rounded up where every column is whole."""
    if not inequality.columns:
        return inequality
    scale = lcm(*(a.denominator for a in inequality.coefficients))
    divisor = gcd(*(int(a * scale) for a in inequality.coefficients))
    factor = Fraction(scale, divisor)
    side = inequality.side * factor
    if all(j in whole for j in inequality.columns):
        side = Fraction(ceil(side))
    return Inequality(inequality.columns, tuple(a * factor for a in inequality.coefficients), side)


def _search(rows: Sequence[Inequality], box: Box, whole: Collection[int], end: float) -> int | None:
    """The nodes of a tree whose leaves are all empty; None where a leaf isn't, or time is up."""
    nodes, open_boxes = 0, [dict(box)]
    while open_boxes:
        current = open_boxes.pop()
        nodes += 1
        if time.monotonic() > end:
            return None
        if not _propagate(rows, current, whole):
            continue
        chosen = _branching(current, whole)
        if chosen is None:
            return None
        j, low, high = chosen
        middle = Fraction(floor((low + high) / 2))
        open_boxes += [{**current, j: (middle + 1, high)}, {**current, j: (low, middle)}]
    return nodes


def _branching(box: Box, whole: Collection[int]) -> tuple[int, Fraction, Fraction] | None:
    """The whole column with the smallest finite range that isn't fixed, and that range."""
    ranges = [
        (j, low, high)
        for j, (low, high) in box.items()
        if j in whole and low is not None and high is not None and low < high
    ]
    return min(ranges, key=lambda found: found[2] - found[1]) if ranges else None


def _propagate(rows: Sequence[Inequality], box: Box, whole: Collection[int]) -> bool:
    """Tightens the box in place; False where it is empty."""
    for j in list(box):
        if not _tighten(box, j, *box[j], whole):
            return False
    for _ in range(_SWEEPS):
        before = dict(box)
        if not all(_propagate_row(row, box, whole) for row in rows):
            return False
        if box == before:
            break
    return True


def _propagate_row(row: Inequality, box: Box, whole: Collection[int]) -> bool:
    most = [_most(a, *box.get(j, (None, None))) for j, a in zip(row.columns, row.coefficients)]
    endless = [k for k, term in enumerate(most) if term is None]
    total = sum((term for term in most if term is not None), Fraction(0))
    if not endless and total < row.side:
        return False
    if len(endless) > 1:
        return True
    for k in endless or range(len(most)):
        j, a = row.columns[k], row.coefficients[k]
        limit = (row.side - (total - (most[k] or 0))) / a  # a x_j >= side less the most of the others
        low, high = (limit, None) if a > 0 else (None, limit)
        if not _tighten(box, j, low, high, whole):
            return False
    return True


def _most(a: Fraction, low: Fraction | None, high: Fraction | None) -> Fraction | None:
    bound = high if a > 0 else low
    return None if bound is None else a * bound


def _tighten(box: Box, j: int, low: Fraction | None, high: Fraction | None, whole: Collection[int]) -> bool:
    """Cuts a column's range; False where nothing is left of it."""
    old_low, old_high = box.get(j, (None, None))
    if j in whole:
        low = None if low is None else Fraction(ceil(low))
        high = None if high is None else Fraction(floor(high))
    low = old_low if low is None or (old_low is not None and old_low > low) else low
    high = old_high if high is None or (old_high is not None and old_high < high) else high
    box[j] = low, high
    return low is None or high is None or low <= high

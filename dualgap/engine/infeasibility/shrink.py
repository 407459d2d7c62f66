"""From an infeasible system to an irreducible conflict: a deletion filter over blocks.

Source: Chinneck and Dravnieks, Locating minimal infeasible constraint sets in linear programs (1991); blocks are
halved as in Junker's QuickXplain (2004), so that k members out of n take about k log(n / k) questions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from dualgap.problems.systems.members import Kind, Member, System
from dualgap.problems.systems.points import Point, failing

Answer = tuple[Point | None, bool, Collection[Member]]
"""A point, or whether there is none, or neither; members that a solver says are infeasible by themselves."""

_BLOCKS = 8


@dataclass(frozen=True)
class Shrunk:
    """What is left of an infeasible system, and for each member that is known to be needed a point that proves it.

    A point meets, in exact arithmetic, every member but its own.
    """

    members: tuple[Member, ...]
    points: Mapping[Member, Point] = field(default_factory=dict)

    @property
    def irreducible(self) -> bool:
        return all(member in self.points for member in self.members)


def shrink(system: System, members: Sequence[Member], ask: Callable[[Collection[Member]], Answer]) -> Shrunk:
    """Deletes what isn't needed for infeasibility, integrality first, then rows, then bounds.

    ``members`` are infeasible together; what ``ask`` doesn't answer stays.
    """
    current = dict.fromkeys(members)
    points: dict[Member, Point] = {}
    blocks = _blocks(members)
    while blocks:
        block = [member for member in blocks.pop() if member in current and member not in points]
        if not block:
            continue
        rest = [member for member in current if member not in set(block)]
        point, infeasible, support = ask(rest)
        if infeasible:
            current = dict.fromkeys(member for member in rest if member in set(support) or not support)
        elif point is not None:
            critical = failing(system, list(current), point.values)
            if len(critical) == 1:
                points[critical[0]] = point
        if not infeasible and len(block) > 1:
            middle = len(block) // 2
            blocks += [block[middle:], block[:middle]]
    return Shrunk(tuple(current), points)


def _blocks(members: Sequence[Member]) -> list[list[Member]]:
    """Blocks to be deleted, the last one first."""
    blocks: list[list[Member]] = []
    for kind in (Kind.BOUND, Kind.ROW, Kind.INTEGER):
        of_kind = [member for member in members if member.kind is kind]
        size = len(of_kind) if kind is Kind.INTEGER else -(-len(of_kind) // _BLOCKS)
        blocks += [of_kind[k : k + size] for k in range(0, len(of_kind), max(size, 1))][::-1]
    return blocks

"""Every point of a small integer box, in exact arithmetic: slow, and beyond doubt."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import Form, MixedIntegerProgram
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Exhaustion
from dualgap.solvers.whole import NotWholeError, WholeProgram, whole

_CHUNK_ENTRIES = 2**20


@dataclass(frozen=True)
class Enumerate(Solver):
    """Integer programs whose bounds leave at most ``most`` points."""

    name: ClassVar[str] = "enumerate"
    summary: ClassVar[str] = "every point of a small integer box, in exact arithmetic"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME})

    most: int = 5_000_000

    def refuses(self, form: Any) -> str | None:
        try:
            points = prod(_sizes(whole(form)))
        except NotWholeError as error:
            return str(error)
        if points > self.most:
            shown = f"{points:,}" if points < 10**15 else f"over 10^{len(str(points)) - 1}"
            return f"{shown} points to go through, the most is {self.most:,} (-p most=N); take highs or cp-sat"
        return None

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, MixedIntegerProgram)
        program = whole(form)
        sizes = _sizes(program)
        points = prod(sizes)
        chunk = max(1, _CHUNK_ENTRIES // max(len(sizes), form.size[1], 1))
        search = _Search(program, sizes)
        done = 0
        while done < points and not ctx.should_stop():
            end = min(done + chunk, points)
            if search.improve(done, end):
                ctx.report(point=search.point)
            done = end
        value = None if search.best is None else program.objective(search.best)
        statistics = {"points": done, "of": points}
        if done < points:
            return Claim(search.point, value is not None, Stop.TIME, value, statistics=statistics)
        if value is None:
            return Claim(stop=Stop.INFEASIBLE, witness=Exhaustion(), statistics=statistics)
        return Claim(search.point, True, Stop.FINISHED, value, value, Exhaustion(), statistics=statistics)


def _sizes(program: WholeProgram) -> list[int]:
    """How many values each column has."""
    return [max(0, count) for count in (program.upper - program.lower + 1).tolist()]


class _Search:
    """Points are numbered with the free columns as digits; the first column turns slowest."""

    def __init__(self, program: WholeProgram, sizes: list[int]) -> None:
        self.program = program
        self.free = np.flatnonzero(program.upper > program.lower)
        self.matrix = program.matrix[:, self.free]
        self.base = program.matrix @ program.lower
        self.sizes = tuple(sizes[j] for j in self.free)
        self.best: int | None = None
        self.point: np.ndarray | None = None

    def improve(self, begin: int, end: int) -> bool:
        """Whether a point among those numbered from ``begin`` to ``end`` is better than all before."""
        numbers = np.arange(begin, end, dtype=np.int64)
        digits = np.array(np.unravel_index(numbers, self.sizes)) if self.sizes else np.zeros((0, 1), dtype=np.int64)
        activity = self.base[:, None] + self.matrix @ digits
        sides = self.program.row_lower[:, None], self.program.row_upper[:, None]
        feasible = np.flatnonzero(((sides[0] <= activity) & (activity <= sides[1])).all(axis=0))
        if not feasible.size:
            return False
        costs = self.program.cost @ self.program.lower + self.program.cost[self.free] @ digits[:, feasible]
        at = int(costs.argmin())
        if self.best is not None and int(costs[at]) >= self.best:
            return False
        self.best = int(costs[at])
        self.point = self.program.lower.astype(np.float64)
        self.point[self.free] += digits[:, feasible[at]]
        return True

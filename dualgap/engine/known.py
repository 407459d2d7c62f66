"""What the members of a portfolio know together while they run: the best answer, and the best bound that stands."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dualgap.core.certificate import Bound, closes, gaps
from dualgap.core.claim import TracePoint
from dualgap.core.exact import Real
from dualgap.core.problem import Problem
from dualgap.core.verify import DEFAULT_TOLERANCE
from dualgap.engine.member import Member
from dualgap.engine.monitor import Snapshot
from dualgap.engine.refute import Point, beats


@dataclass
class Known:
    """The joint state of a race.

    Attributes:
        gap: the relative gap that is good enough.
        answer, value: the best verified answer; ``by`` is the member that found it first.
        bound: the best bound that no verified answer beats, be it only claimed.
    """

    problem: Problem
    gap: float
    on_progress: Callable[[Snapshot], None] | None
    answer: Any = None
    value: Real | None = None
    by: Member | None = None
    bound: Bound | None = None
    trace: list[TracePoint] = field(default_factory=list)
    began: float = field(default_factory=clock.monotonic)

    @property
    def elapsed(self) -> float:
        return clock.monotonic() - self.began

    @property
    def closed(self) -> bool:
        """Whether the best answer meets the best bound, within the gap that was asked for."""
        if self.value is None or self.bound is None:
            return False
        return closes(self.problem.sense, self.value, self.bound.value, self.gap)

    def weigh(self, member: Member, members: Sequence[Member], verified: Sequence[Bound]) -> None:
        """Takes into account what a member says now; a better answer is offered to the others.

        ``verified`` are the bounds of those that have ended.
        """
        found = member.answer
        if found is not None and (self.value is None or self.problem.sense.better(found[1], self.value)):
            self.answer, self.value = found
            self.by = member
            for other in members:
                if other is not member and other.is_warm:
                    other.line.offer(self.answer)
        self.bound = None
        for bound in (*verified, *self._standing(members)):
            if self.bound is None or self.problem.sense.better(self.bound.value, bound.value):
                self.bound = bound
        self._tell()

    def _standing(self, members: Sequence[Member]) -> Iterator[Bound]:
        """The members' bounds that no verified answer beats."""
        point = None if self.value is None else Point("", self.value, DEFAULT_TOLERANCE, 0.0)
        for member in members:
            for bound in member.bounds(self.problem):
                if point is None or not beats(self.problem.sense, point, bound, member.witness):
                    yield bound

    def _tell(self) -> None:
        """A moment for the trace, and for whoever follows the progress."""
        value, bound = self.value, self.bound.value if self.bound is not None else None
        self.trace.append(TracePoint(self.elapsed, value, bound))
        if self.on_progress is not None:
            relative = gaps(self.problem.sense, value, bound)[1] if value is not None and bound is not None else None
            self.on_progress(Snapshot(self.elapsed, value, bound, relative))

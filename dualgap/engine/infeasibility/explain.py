"""Why a run found nothing feasible: a conflict, verified, and the least relaxation, within seconds of their own."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dualgap.core.certificate import Evidence
from dualgap.core.errors import DualgapError
from dualgap.core.exact import nearest
from dualgap.core.problem import Problem
from dualgap.core.witness import FarkasRay
from dualgap.engine.infeasibility.findings import Conflict, Infeasibility, Line
from dualgap.engine.infeasibility.oracle import Oracle
from dualgap.engine.infeasibility.relax import least_relaxation
from dualgap.engine.infeasibility.shrink import Answer, Shrunk, shrink
from dualgap.engine.infeasibility.view import exact_program
from dualgap.engine.run import Run
from dualgap.engine.task import Settings
from dualgap.problems.systems.members import Kind, Member, System
from dualgap.problems.systems.minimal import farkas_multipliers
from dualgap.problems.systems.points import Point
from dualgap.problems.systems.rays import support
from dualgap.problems.systems.refute import refute

_SHARE = 0.6  # of the time, for the conflict; the rest is for the relaxation
_PROOF_SHARE = 0.5  # of the time left, for an exact proof of a conflict

Findings = tuple[Infeasibility, Any]
"""What was found out, and an answer if one turned up after all."""


def why_infeasible(problem: Problem, run: Run, settings: Settings, seconds: float) -> Findings | None:
    """What can be found out in time of a run that ended infeasible; None where nothing can be said.

    A problem's own explanation stands for itself. Others are explained in the names of their exact mixed-integer view.
    """
    own = problem.explain_infeasible()
    if own:
        return Infeasibility(explanation=own), None
    program = exact_program(problem)
    if program is None:
        return None
    search = _Search(System(program.form), run, settings, seconds)
    found = search.findings()
    if search.point is None or program.decode is None:
        return found, None
    return found, program.decode(np.array([nearest(value) for value in search.point.values]))


class _Search:
    def __init__(self, system: System, run: Run, settings: Settings, seconds: float) -> None:
        self.system = system
        self.run = run
        self.settings = replace(settings, log=None, verify_seconds=min(settings.verify_seconds, seconds))
        self.end = time.monotonic() + seconds
        self.oracle = Oracle(system, self.settings, time.monotonic() + _SHARE * seconds)
        self.remarks: list[str] = []
        self.point: Point | None = None  # that meets everything

    def time_left(self) -> float:
        return max(self.end - time.monotonic(), 0.0)

    def findings(self) -> Infeasibility:
        conflict = relaxation = None
        try:
            start = self._start()
            if start is not None:
                conflict = self._conflict(start)
                relaxation = least_relaxation(self.system, self.settings, self.time_left())
        except DualgapError as error:
            self.remarks.append(f"the search ended early: {error}")
        if relaxation is None and self.point is None:
            self.remarks.append("no relaxation was found in time")
        return Infeasibility("", conflict, relaxation, tuple(self.remarks))

    def _start(self) -> Sequence[Member] | None:
        """Members to begin with: the solver's conflict if it is one, else a ray's support, else all.

        None where an exact point meets everything.
        """
        claimed = self._claimed()
        if claimed is not None:
            return claimed
        ray = self.run.witness
        if isinstance(ray, FarkasRay) and ray.rows.shape == self.system.form.row_lower.shape:
            found = support(self.system, ray.rows)
            if found and farkas_multipliers([self.system.inequality(member) for member in found], self._patience()):
                return found
        members, self.point = self._unless_met(self.system.members)
        return members

    def _claimed(self) -> Sequence[Member] | None:
        """The solver's conflict, where it names things and no point is known to meet all of it."""
        if not self.run.conflict:
            return None
        try:
            named = self.system.read(self.run.conflict)
        except ValueError as error:
            self.remarks.append(f"the solver's conflict isn't one: {error}")
            return None
        if self._linear_proof(named) is not None:
            return named
        if not any(member.kind is Kind.INTEGER for member in named):  # most solvers take it for granted
            named = [*(member for member in self.system.members if member.kind is Kind.INTEGER), *named]
        members, met = self._unless_met(list(dict.fromkeys(named)))
        if met is not None:
            self.remarks.append("the solver's conflict isn't one: a point meets all of it")
        return members

    def _unless_met(self, members: Sequence[Member]) -> tuple[Sequence[Member] | None, Point | None]:
        """The members, or those that a ray shows to be enough; else a point that meets them exactly."""
        reply = self.oracle.ask(members)
        if reply.point is not None and reply.point.exact:
            return None, reply.point
        return reply.support or members, None

    def _patience(self) -> float:
        return _PROOF_SHARE * self.oracle.time_left()

    def _conflict(self, start: Sequence[Member]) -> Conflict | None:
        members = tuple(start)
        proof = self._linear_proof(members)
        if proof is None:
            left = shrink(self.system, members, self._ask)
            proof = self._linear_proof(left.members)
            if proof is None:
                return self._verified(left)
            members = left.members
        needed = tuple(member for member, y in zip(members, proof) if y)
        if len(needed) < len(members):  # the combination is of fewer: those are a conflict by themselves
            return self._conflict(needed)
        return self._made(members, Evidence.PROVED, "their combination can't be met, in exact arithmetic", "")

    def _linear_proof(self, members: Collection[Member]) -> tuple[int, ...] | None:
        if any(member.kind is Kind.INTEGER for member in members):
            return None
        return farkas_multipliers([self.system.inequality(member) for member in members], self._patience())

    def _ask(self, members: Collection[Member]) -> Answer:
        reply = self.oracle.ask(members)
        return reply.point, reply.infeasible, reply.support

    def _verified(self, left: Shrunk) -> Conflict | None:
        """A conflict whose proof isn't a combination of its members: refuted exactly, or asked for again, alone."""
        members = left.members
        remark = "" if left.irreducible else self._doubt(left)
        refuted = refute(self.system, members, self._patience())
        if refuted is not None:
            return self._made(members, Evidence.PROVED, f"{refuted.argument}, in exact arithmetic", remark)
        first = self.oracle.ask(members)
        if first.point is not None and first.point.exact:
            self.remarks.append("no conflict was found: a solver took a part for infeasible that a point meets")
            return None
        if first.infeasible:
            return self._made(members, Evidence.CLAIMED, f"{first.solver} says so of them alone", remark)
        return self._made(members, Evidence.NONE, "not verified in time", remark)

    def _doubt(self, left: Shrunk) -> str:
        """Why a conflict may not be minimal."""
        open_ones = [member for member in left.members if member not in left.points]
        if self.oracle.time_left() <= 0:
            return f"time was up with {len(open_ones):,} of {len(left.members):,} members untried"
        return (
            f"for {len(open_ones):,} of {len(left.members):,} members no point was found that meets the others exactly"
        )

    def _made(self, members: Sequence[Member], evidence: Evidence, argument: str, remark: str) -> Conflict:
        lines = tuple(Line(name, text) for name, text in self.system.text(members))
        words = tuple(self.system.word(member) for member in members)
        return Conflict(words, lines, evidence, argument, irreducible=not remark, remark=remark)

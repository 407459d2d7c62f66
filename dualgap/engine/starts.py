"""Starts on their way to a solver, and the report of what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dualgap.core.claim import Start, Use
from dualgap.core.errors import UsageError
from dualgap.core.problem import Problem
from dualgap.core.solver import Solver, Trait
from dualgap.core.verify import DEFAULT_TOLERANCE
from dualgap.core.witness import Witness
from dualgap.engine.routes import BuiltRoute
from dualgap.engine.run import Run

_NAMED = 3


@dataclass(frozen=True)
class WarmStart:
    """What to start from: an answer, and the witness of the run that found it (its multipliers may be of use)."""

    answer: Any = None
    witness: Witness | None = None


def warm_start(problem: Problem, given: Any) -> WarmStart | None:
    """A start as callers give it: an answer, its plain data, or an earlier run of this problem.

    Raises:
        SpecError: the data can't be read as an answer. UsageError: it is none of these, or another problem's run.
    """
    if given is None or isinstance(given, WarmStart):
        return given
    if isinstance(given, Run):
        if given.problem_hash != problem.digest():
            raise UsageError("the run to start from is of another problem; give one of this spec")
        return WarmStart(given.answer, given.witness)
    if isinstance(given, problem.answer_type):
        return WarmStart(given)
    if isinstance(given, Mapping):
        return WarmStart(problem.read_answer(given))
    raise UsageError(f"can't start from a {type(given).__name__}: give an answer of {problem.kind}, or a run")


@dataclass(frozen=True)
class Encoded:
    """A start in a form's terms: a point and a witness for the solver, either perhaps None.

    ``said`` is what is known before the solver has run, ``faults`` are the rows that the start violates, and
    ``repaired`` is the answer that the view made of one that isn't feasible.
    """

    point: Any = None
    witness: Witness | None = None
    repaired: Any = None
    said: Start | None = None
    faults: tuple[str, ...] = ()

    def report(self, solver: Solver, said: Start | None) -> Start | None:
        """What became of the start, given what the solver says; one that isn't feasible is at most repaired."""
        if self.said is not None and self.said.use is Use.IGNORED:
            return self.said
        if said is None and (self.point is not None or self.witness is not None):
            said = Start(Use.IGNORED, f"{solver.name} doesn't say that it used it")
        if said is None or (not self.faults and self.said is None):
            return said
        reasons = [self.said.reason if self.said is not None else _violated(self.faults), said.reason]
        use = Use.REPAIRED if said.use is Use.USED else said.use
        return Start(use, "; ".join(dict.fromkeys(reason for reason in reasons if reason)))


def encode(problem: Problem, built: BuiltRoute, solver: Solver, start: WarmStart | None) -> Encoded:
    """The start in the terms of the form that the solver gets; repaired by the view where it isn't feasible."""
    if start is None:
        return Encoded()
    answer, said, faults = start.answer, None, violated(problem, start.answer)
    repaired = _repaired(problem, built, answer) if faults else None
    if repaired is not None:
        answer, said = repaired, Start(Use.REPAIRED, f"{_violated(faults)}, so it was made feasible first")
    point, witness = built.point(answer), built.encode_witness(start.witness)
    if point is None and witness is None:
        said = _ignored("an answer can't be stated in this form", faults)
    elif Trait.WARM not in solver.traits:
        said = _ignored(f"{solver.name} takes no starts", faults)
    return Encoded(point, witness, repaired, said, faults)


def violated(problem: Problem, answer: Any) -> tuple[str, ...]:
    """The rows that an answer violates; empty where there is no answer."""
    if answer is None:
        return ()
    evaluation = problem.evaluate(answer)
    tolerance = 0.0 if evaluation.exact else DEFAULT_TOLERANCE
    rows = [name for name, v in evaluation.violations.items() if not v.amount <= tolerance * max(1.0, v.scale)]
    return tuple(rows) if evaluation.objective == evaluation.objective else (*rows, "objective")


def _repaired(problem: Problem, built: BuiltRoute, answer: Any) -> Any:
    """What the route's view makes of an answer that isn't feasible, if that is feasible; else None."""
    view = built.route.view
    if view is None or view.repair is None or view.encode is None:
        return None
    try:
        point = view.encode(answer)
        repaired = None if point is None else view.repair(point)
    except ValueError:
        return None
    return None if repaired is None or violated(problem, repaired) else repaired


def _ignored(reason: str, faults: tuple[str, ...]) -> Start:
    kept = f"; {_violated(faults)}" if faults else "; it is kept as the answer to beat"
    return Start(Use.IGNORED, reason + kept)


def _violated(faults: tuple[str, ...]) -> str:
    more = f" and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
    return f"it violates {', '.join(faults[:_NAMED])}{more}"

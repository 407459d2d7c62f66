"""``grade``: anybody's answer or run, checked from the spec alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import Any

from dualgap.core.certificate import Certificate, Check, Evidence, Verdict
from dualgap.core.claim import Outcome, Stop
from dualgap.core.exact import Real, fraction, nearest
from dualgap.core.problem import Problem
from dualgap.core.relations import Relation, compose
from dualgap.core.verify import verify
from dualgap.engine.environment import versions
from dualgap.engine.load import load
from dualgap.engine.run import Run
from dualgap.engine.task import Settings
from dualgap.engine.unbounded import directed
from dualgap.study.answers import read_answer, read_given
from dualgap.study.search import look_for_better

GIVEN = "given"  # stands for the solver in the run of a bare answer
FILE = "file:"  # checks of what a file says begin so
VERIFY_SECONDS = Settings().verify_seconds  # as a run has by default: what was too long then is so now
_RECORDED = ("value", "bound", "evidence", "verdict", "tolerance", "gap", "relative_gap")
_RELATION = re.compile(rf"\(({'|'.join(Relation)})\)$")


def grade(
    problem: Problem | Mapping[str, Any] | str | Path,
    answer: Any,
    *,
    bound_seconds: float = 0.0,
    tolerance: float | None = None,
    execute: bool = False,
) -> Run:
    """Checks an answer, or a run with everything that it says, from the spec alone.

    Args:
        problem: a ``Problem``, a raw spec, or the path of a spec.
        answer: a path (a run from ``solve -o``; an answer as JSON, CSV of names and numbers, NPZ, or a solver's
            ``.sol``), or the same in Python (``Run``, ``Answer``, mapping, array).
        bound_seconds: where positive, a verified bound and a better answer are looked for this long, so that a bare
            answer gets a gap.
        tolerance: for rows and numerical gaps; 0 on exact data, else 1e-6 by default.
        execute: also run the problem's audits of the answer, the checks that need heavy machinery.

    Returns:
        A run with a recomputed certificate. Where a run file says something else, the check ``file: ...`` of each
        number that differs has failed. A bare answer that isn't feasible is ``violated``.

    Raises:
        SpecError: the spec or the answer can't be read; with path and remedy.
    """
    closed = load(problem).problem
    given = read_given(closed, answer)
    run = given if isinstance(given, Run) else _bare(closed, given)
    if run.certificate is None and run.answer is None:
        return run  # refused or failed: it says nothing that could be checked
    began = monotonic()
    outcome = _outcome(run)
    limits: dict[str, Any] = {"tolerance": tolerance, "seconds": VERIFY_SECONDS, "gap": run.requested_gap}
    verification = verify(closed, outcome, **limits)
    recorded = _recorded(run, verification.certificate) if tolerance is None else ()  # at the tolerance of the file
    extra: tuple[Check, ...] = ()
    message, attempts = run.message, run.attempts
    if bound_seconds > 0 and verification.certificate.feasible:
        search = look_for_better(closed, run.answer, bound_seconds)
        outcome = replace(outcome, witness=outcome.witness or search.witness)
        verification = verify(closed, outcome, known=search.bounds, **limits)
        message = search.sentence(verification.certificate)
        attempts, extra = (*attempts, *search.attempts), (search.check,)
    graded = replace(
        run,
        witness=outcome.witness,
        infeasibility=None,  # a file would have to be believed; a conflict that was proved is the witness
        direction=None,
        certificate=verification.certificate,
        checks=(*verification.checks, *recorded, *extra),
        message=message,
        attempts=attempts,
        audits=closed.audit(run.answer) if execute and run.answer is not None else run.audits,
        seconds={**run.seconds, "verify": monotonic() - began},
    )
    return directed(closed, graded)


def disputed(run: Run) -> bool:
    """Whether a graded file says something else of its own answer than the verifier does."""
    return any(check.name.startswith(FILE) and not check.passed for check in run.checks)


def _bare(problem: Problem, answer: Any) -> Run:
    return Run(
        kind=problem.kind,
        problem_hash=problem.digest(),
        solver=GIVEN,
        answer=answer,
        answer_data=problem.write_answer(answer),
        witness=problem.implied(answer),
        stop=Stop.FINISHED,
        isolated=False,
        versions=versions(),
    )


def _outcome(run: Run) -> Outcome:
    """What the run (or whoever hands in a bare answer) claims."""
    said = run.certificate
    relations = [Relation(match[1]) for step in run.route if (match := _RELATION.search(step))]
    claimed = [bound for bound in said.bounds if bound.evidence is Evidence.CLAIMED] if said is not None else []
    return Outcome(
        answer=run.answer,
        feasible=said is None or said.feasible or said.verdict is Verdict.VIOLATED,
        stop=run.stop or Stop.FINISHED,
        bound=_as_it_stands(claimed[0].value) if claimed else None,
        witness=run.witness,
        conflict=run.conflict,
        relation=compose(relations),
        message=run.message,
    )


def _as_it_stands(bound: Real) -> Real:
    """Exact where it can be: a float would be moved to the objective's lattice a second time."""
    return fraction(bound) if isfinite(nearest(bound)) else bound


def _recorded(run: Run, found: Certificate) -> tuple[Check, ...]:
    """The file's certificate beside the recomputed one; its sentence where this version wrote it."""
    said = run.certificate
    if said is None:
        return ()
    checks = []
    written = run.versions.get("dualgap") == versions()["dualgap"]
    for name in (*_RECORDED, "violations", *(("statement",) if written else ())):
        left, right = getattr(said, name), getattr(found, name)
        same = _alike(left, right) if name == "violations" else _same(left, right)
        left, right = (str(dict(side)) if isinstance(side, Mapping) else side for side in (left, right))
        checks.append(
            Check(f"{FILE} {name}", same, f"the file says {left}" + ("" if same else f", recomputed {right}"))
        )
    return tuple(checks)


def _same(left: Real | str | None, right: Real | str | None) -> bool:
    """Equal, or the same decimal (JSON makes floats of fractions)."""
    if left is None or right is None or isinstance(left, str) or isinstance(right, str):
        return left == right
    return left == right or nearest(left) == nearest(right)


def _alike(left: Mapping[str, Real], right: Mapping[str, Real]) -> bool:
    """The same names with the same numbers."""
    return left.keys() == right.keys() and all(_same(amount, right[name]) for name, amount in left.items())


__all__ = ["GIVEN", "grade", "read_answer"]

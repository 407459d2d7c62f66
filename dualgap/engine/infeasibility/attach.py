"""Runs that found nothing feasible, with the reason attached; a proof of it goes through the verifier."""

from __future__ import annotations

import time as clock
from dataclasses import replace

from dualgap.core.certificate import Certificate, Evidence, Verdict
from dualgap.core.claim import Outcome, Stop
from dualgap.core.problem import Problem
from dualgap.core.verify import verify
from dualgap.core.witness import Conflict
from dualgap.engine.infeasibility.explain import why_infeasible
from dualgap.engine.infeasibility.findings import Infeasibility
from dualgap.engine.run import Run
from dualgap.engine.task import Settings

_LEAST = 0.05


def explained(problem: Problem, run: Run, settings: Settings) -> Run:
    """The run with ``infeasibility`` where it ended infeasible, found in ``settings.explain_seconds`` of what it left.

    A conflict that is proved makes a mere claim a proof, and an answer that turns up refutes the claim: both are the
    verifier's decision. The seconds are booked under ``explain``.
    """
    certificate = run.certificate
    if certificate is None or certificate.verdict not in (Verdict.INFEASIBLE, Verdict.CLAIMED_INFEASIBLE):
        return run
    if run.infeasibility is not None or settings.explain_seconds <= 0:  # dispatch has asked before, or nobody does
        return run
    began = clock.monotonic()
    seconds = min(settings.explain_seconds, settings.time - run.seconds.get("total", 0.0))
    if seconds < _LEAST and not problem.explain_infeasible():
        found = Infeasibility(remarks=("no time was left to find out why; give it more (--time)",))
        return replace(run, infeasibility=found)
    findings = why_infeasible(problem, run, settings, seconds)
    if findings is None:
        return run
    found, answer = findings
    if certificate.verdict is Verdict.CLAIMED_INFEASIBLE:
        if answer is not None:
            run = _verified(problem, run, Outcome(answer=answer, stop=Stop.INFEASIBLE), settings)
        elif found.conflict is not None and found.conflict.evidence is Evidence.PROVED:
            witness = Conflict(members=found.conflict.members)
            run = _verified(problem, run, Outcome(stop=Stop.INFEASIBLE, witness=witness), settings)
    return replace(run, infeasibility=found, seconds=_with(run, clock.monotonic() - began))


def _with(run: Run, seconds: float) -> dict[str, float]:
    """The run's seconds, those of its explanation added."""
    return {**run.seconds, "explain": run.seconds.get("explain", 0.0) + seconds}


def _verified(problem: Problem, run: Run, outcome: Outcome, settings: Settings) -> Run:
    """The run with the verifier's word on something better than the solver's; unchanged where it has no other."""
    verification = verify(problem, outcome, tolerance=settings.tolerance, seconds=settings.verify_seconds)
    certificate: Certificate = verification.certificate
    if certificate.verdict not in (Verdict.INFEASIBLE, Verdict.CONTRADICTED):
        return run
    answer = outcome.answer
    return replace(
        run,
        certificate=certificate,
        witness=outcome.witness,
        answer=answer,
        answer_data=problem.write_answer(answer) if answer is not None else None,
        checks=(*run.checks, *verification.checks),
    )

"""What several runs on one problem have found together: the best answer, held against every bound that stands.

Dispatch puts its runs in here one after the other, a portfolio as they end. A bound counts with the evidence that it
has: what one solver merely claims stays a claim, and is dropped once a verified answer of any run beats it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from dualgap.core.certificate import Bound, Certificate, Evidence, Sense, Verdict
from dualgap.core.claim import Outcome, Stop
from dualgap.core.exact import Real
from dualgap.core.problem import Problem
from dualgap.core.statement import statement
from dualgap.core.verify import WORD, verify
from dualgap.core.witness import Witness
from dualgap.engine.refute import Point, beats, leader, point_of, refuted
from dualgap.engine.run import Run
from dualgap.engine.starts import WarmStart
from dualgap.engine.task import Settings

CLOSED = (Verdict.OPTIMAL, Verdict.WITHIN, Verdict.INFEASIBLE, Verdict.UNBOUNDED)
SETTLED = (*CLOSED, Verdict.CLAIMED_OPTIMAL)
"""Verdicts after which nobody goes on: it is proved, or an exact solver vouches for a feasible answer."""

_RANK = {
    **dict.fromkeys(CLOSED, 0),
    Verdict.CLAIMED_OPTIMAL: 1,
    Verdict.FEASIBLE: 2,
    Verdict.CLAIMED_INFEASIBLE: 3,
    Verdict.CLAIMED_UNBOUNDED: 3,
    Verdict.CONTRADICTED: 4,
    Verdict.NOTHING: 5,
    Verdict.VIOLATED: 6,
}


@dataclass
class Findings:
    """The runs so far: ``best`` is the best of them, ``bounds`` every verified bound, ``proofs`` their witnesses."""

    problem: Problem
    settings: Settings
    runs: list[Run] = field(default_factory=list)
    best: Run | None = None
    bounds: list[Bound] = field(default_factory=list)
    proofs: list[tuple[Bound, Witness]] = field(default_factory=list)
    point: Point | None = None

    def take(self, run: Run) -> None:
        """Takes a run into account."""
        said = certificate_of(run)
        new = [bound for bound in said.bounds if bound.evidence.verified and bound not in self.bounds]
        self.bounds += new
        self.proofs += [(bound, run.witness) for bound in new if run.witness is not None]
        self.runs.append(run)
        found = point_of(self.problem, run)
        self.point = leader(self.problem.sense, [point for point in (self.point, found) if point is not None])
        before = [] if self.best is None else [self.best]
        rivals = [run, *before] if said.verdict in CLOSED else [*before, run]  # a tie goes to whoever closed it
        self.best = min(map(self._graded, rivals), key=lambda rival: _key(rival, self.problem.sense))

    @property
    def settled(self) -> bool:
        return self.best is not None and certificate_of(self.best).verdict in SETTLED

    @property
    def warm_start(self) -> WarmStart | None:
        """The best verified answer with its run's witness, or None."""
        if self.best is None or not certificate_of(self.best).feasible:
            return None
        return WarmStart(self.best.answer, self.best.witness)

    def refutes(self, run: Run) -> bool:
        """Whether a verified result at hand refutes what the run's solver vouches for."""
        points = [self.point] if self.point is not None else []
        claims = any(self._beaten(bound, run) for bound in certificate_of(run).bounds if _claimed(bound))
        return claims or bool(refuted(self.problem.sense, run, points, self.runs))

    def verdict(self, run: Run) -> Verdict:
        """The run's verdict beside the others."""
        return Verdict.CONTRADICTED if self.refutes(run) else certificate_of(run).verdict

    def _beaten(self, bound: Bound, run: Run) -> bool:
        return self.point is not None and beats(self.problem.sense, self.point, bound, run.witness)

    def _claims(self, run: Run) -> list[Bound]:
        """What the solvers vouch for and no answer beats, the tightest first; the others' with their names."""
        found = []
        for other in (run, *(other for other in self.runs if other.name != run.name)):
            for bound in certificate_of(other).bounds:
                if _claimed(bound) and not self._beaten(bound, other):
                    told = (
                        bound.argument if other is run else bound.argument.replace(WORD, f"the word of {other.name}", 1)
                    )
                    found.append(replace(bound, argument=told))
        towards = -1 if self.problem.sense is Sense.MINIMIZE else 1
        return sorted(dict.fromkeys(found), key=lambda bound: towards * bound.value)

    def _graded(self, run: Run) -> Run:
        """The run, its answer held against all bounds but those that an answer at hand beats."""
        said = certificate_of(run)
        if not said.feasible or said.verdict in CLOSED:
            return run
        known = [*self.bounds, *self._claims(run)]
        if set(known) == set(said.bounds):
            return run
        verification = verify(
            self.problem,
            Outcome(answer=run.answer, feasible=True, stop=_neutral(run.stop), message=run.message),
            gap=self.settings.gap,
            tolerance=self.settings.tolerance,
            known=known,
        )
        return replace(run, certificate=verification.certificate)

    def joint(self, **changes: Any) -> Run:
        """The best run with the witness that its bound rests on; there must be one.

        The run's own witness may give less than the bound that it is graded by: whoever checks it needs that one's.
        """
        assert self.best is not None, "nothing has run"
        said = certificate_of(self.best)
        witness = next((proof for bound, proof in self.proofs if bound.value == said.bound), self.best.witness)
        named = replace(said, witness=witness.type if witness is not None else "")
        return replace(self.best, certificate=self._told(named, self.best, witness), witness=witness, **changes)

    def _told(self, said: Certificate, run: Run, witness: Witness | None) -> Certificate:
        """The certificate with what a witness of another run tells besides the bound."""
        if witness is None or witness is run.witness or not said.feasible:
            return said
        more = self.problem.sensitivity(run.answer, witness, said.verdict is Verdict.OPTIMAL)
        told = replace(said, metrics={**said.metrics, **more})
        outcome = Outcome(answer=run.answer, feasible=True, stop=_neutral(run.stop), message=run.message)
        return replace(told, statement=statement(self.problem, told, outcome))


def certificate_of(run: Run) -> Certificate:
    """The certificate of a run that came back."""
    assert run.certificate is not None, "a run that came back has been verified"
    return run.certificate


def _claimed(bound: Bound) -> bool:
    return bound.evidence is Evidence.CLAIMED


def _neutral(stop: Stop | None) -> Stop:
    """How it ended, without the words that the verifier takes for claims: an answer is at hand."""
    return Stop.FINISHED if stop in (None, Stop.INFEASIBLE, Stop.UNBOUNDED) else stop


def _key(run: Run, sense: Sense) -> tuple[int, Real]:
    """Sorts runs, the best first: by verdict, then by value."""
    certificate = certificate_of(run)
    value = certificate.value if certificate.value is not None else sense.worst
    return _RANK[certificate.verdict], (-value if sense is Sense.MAXIMIZE else value)

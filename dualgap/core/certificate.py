"""What the verifier issues: evaluations of answers, bounds with their evidence, certificates with their verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

from dualgap.core.exact import Real, fraction, nearest


class Sense(StrEnum):
    """Which way is better."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"

    def better(self, left: Real, right: Real) -> bool:
        """Whether value ``left`` is strictly better than ``right``."""
        return left > right if self is Sense.MAXIMIZE else left < right

    @property
    def worst(self) -> float:
        return -INFINITY if self is Sense.MAXIMIZE else INFINITY


INFINITY = float("inf")
_TINY = Fraction(1, 10**12)


class Evidence(StrEnum):
    """How a bound is known, strongest first."""

    PROVED = "proved"
    NUMERICAL = "numerical"
    CLAIMED = "claimed"
    NONE = "none"

    @property
    def verified(self) -> bool:
        return self in (Evidence.PROVED, Evidence.NUMERICAL)


class Verdict(StrEnum):
    """What a certificate comes to; docs/certificates.md says what each needs."""

    OPTIMAL = "optimal"
    WITHIN = "within"
    CLAIMED_OPTIMAL = "claimed-optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    CLAIMED_INFEASIBLE = "claimed-infeasible"
    UNBOUNDED = "unbounded"
    CLAIMED_UNBOUNDED = "claimed-unbounded"
    VIOLATED = "violated"
    CONTRADICTED = "contradicted"
    NOTHING = "nothing"

    @property
    def exit_code(self) -> int:
        return _EXIT.get(self, 0)


_EXIT = {
    Verdict.INFEASIBLE: 6,
    Verdict.CLAIMED_INFEASIBLE: 6,
    Verdict.UNBOUNDED: 6,
    Verdict.CLAIMED_UNBOUNDED: 6,
    Verdict.VIOLATED: 5,
    Verdict.CONTRADICTED: 5,
    Verdict.NOTHING: 4,
}


@dataclass(frozen=True)
class Violation:
    """By how much a row fails (absolute, positive), and the row's scale ``max(1, |rhs|, sum |a_i x_i|)``."""

    amount: Real
    scale: float = 1.0


@dataclass(frozen=True)
class Evaluation:
    """An answer in the problem's own terms, recomputed from the spec alone.

    Attributes:
        objective: exact (int, Fraction) where the arithmetic was exact.
        violations: the rows that fail, by name; empty for a feasible answer.
        metrics: further numbers, by split or group ("all" where there is one).
        exact: whether violations are exact, so that the tolerance is 0.
        scale: of an inexact objective, the size of the terms that it sums: differences of 1e-9 of it are rounding.
    """

    objective: Real
    violations: Mapping[str, Violation] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, Real]] = field(default_factory=dict)
    exact: bool = False
    scale: float = 0.0


@dataclass(frozen=True)
class Bound:
    """A bound on the optimum in the problem's sense; infinite the hopeless way round proves infeasibility.

    Attributes:
        value: at least the maximum, or at most the minimum. ``-inf`` for a maximisation (``inf`` for a minimisation)
            says that no feasible answer exists.
        evidence: how it is known.
        argument: the reason, a short phrase for people ("multipliers 2.5 on capacity").
        margin: the error that a numerical bound admits, already taken into account.
    """

    value: Real
    evidence: Evidence
    argument: str = ""
    margin: float = 0.0


@dataclass(frozen=True)
class Check:
    """Something the verifier compared: what, whether it held, and what it saw."""

    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True)
class Certificate:
    """The verifier's word on one answer. ``statement`` is one English sentence and is shown first.

    ``gap`` is signed in the problem's sense: positive while the bound is ahead of the value. ``bounds`` lists every
    bound that was considered, ``bound`` the one that the verdict rests on.
    """

    sense: Sense
    verdict: Verdict
    statement: str
    value: Real | None = None
    quantity: str = "objective"
    unit: str = ""
    violations: Mapping[str, Real] = field(default_factory=dict)
    tolerance: float = 0.0
    scope: str = "this instance"
    bound: Real | None = None
    evidence: Evidence = Evidence.NONE
    argument: str = ""
    witness: str = ""
    gap: Real | None = None
    relative_gap: float | None = None
    bounds: tuple[Bound, ...] = ()
    metrics: Mapping[str, Mapping[str, Real]] = field(default_factory=dict)

    @property
    def feasible(self) -> bool:
        """Whether a verified feasible answer stands behind this certificate."""
        return self.verdict in (Verdict.OPTIMAL, Verdict.WITHIN, Verdict.CLAIMED_OPTIMAL, Verdict.FEASIBLE) or (
            self.verdict is Verdict.CONTRADICTED and self.value is not None
        )

    def meets(self, required: str) -> bool:
        """Whether the verdict is at least ``required``: proved, optimal, within or feasible."""
        proved = self.verdict is Verdict.OPTIMAL
        return {
            "proved": proved and self.evidence is Evidence.PROVED,
            "optimal": proved or self.verdict is Verdict.CLAIMED_OPTIMAL,
            "within": proved or self.verdict is Verdict.WITHIN,
            "feasible": self.feasible and self.verdict is not Verdict.CONTRADICTED,
        }[required]


def gaps(sense: Sense, value: Real, bound: Real, noise: float = 0.0) -> tuple[Real, float]:
    """(signed gap, relative gap): ``relative = gap / max(|value|, |bound|, 1e-12)``, 0 where they differ by no more
    than ``noise``.

    Divided exactly where both are exact.
    """
    gap: Any = _difference(bound, value) if sense is Sense.MAXIMIZE else _difference(value, bound)
    if gap == 0 or abs(gap) <= noise:
        return gap, 0.0
    if isinstance(gap, float):
        if abs(gap) == INFINITY:
            return gap, gap
        return gap, gap / max(abs(nearest(value)), abs(nearest(bound)), 1e-12)
    return gap, nearest(gap / max(abs(fraction(value)), abs(fraction(bound)), _TINY))


def closes(sense: Sense, value: Real, bound: Real, limit: float, noise: float = 0.0) -> bool:
    """Whether the relative gap is at most ``limit``; exactly where that is 0, though a tiny quotient may round to 0."""
    gap, relative = gaps(sense, value, bound, noise)
    return bool(gap <= 0) or (limit > 0.0 and relative <= limit)


def _difference(left: Real, right: Real) -> Real:
    """``left - right``, exactly where both are exact."""
    if isinstance(left, float) or isinstance(right, float):
        return nearest(left) - nearest(right)
    return left - right

"""The ``load-balance`` kind: its closed spec, evaluation and names.

Mathematics: q_j of Q microbatches go to worker j, and a step takes as long as the slowest worker,

    min E[max_j q_j / S_j]  subject to  sum_j q_j = Q,  q_j whole, at least 0.

Speeds S_j are known, or independent and normal with one mean and one coefficient of variation, given that they are
positive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from dualgap.core.arrays import Number, Vector, as_array
from dualgap.core.certificate import Bound, Evaluation, Evidence, Violation
from dualgap.core.errors import Fault, InvalidWitnessError, SpecError
from dualgap.core.exact import Real, fraction, simplest
from dualgap.core.problem import Answer, Problem
from dualgap.core.verify import ROUNDING
from dualgap.core.witness import Witness
from dualgap.problems.capacity import least_time
from dualgap.problems.options import GeneratorOptions, read_options

_MICROBATCHES = 10**7
_WORKERS = 10_000  # an evaluation draws the speeds of all of them some two thousand times


class EvenLoad(Witness):
    """Nothing but the spec is needed: whole units of work, or the symmetry of workers that are alike."""

    type: ClassVar[str] = "even-load"


class Shares(Answer):
    """How many microbatches each worker has.

    Attributes:
        shares: (n,) whole numbers.
    """

    shares: Vector


class LoadBalance(Problem):
    """Microbatches on workers whose speeds are known, or random.

    Attributes:
        microbatches: Q, of all workers together.
        speeds: (n,) microbatches a second of each worker, where they are known.
        workers: n, where speeds are random.
        mean: of random speeds, in microbatches a second; ``cv`` their standard deviation over it.
    """

    kind: ClassVar[str] = "load-balance"
    summary: ClassVar[str] = "microbatches on workers of known or random speeds: the slowest counts"
    answer_type: ClassVar[type[Answer]] = Shares

    microbatches: int
    speeds: Vector = Field(default_factory=lambda: as_array(()))
    workers: int = 0
    mean: Number = 1.0
    cv: Number = 0.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if found := list(_faults(self)):
            raise SpecError(found, type(self).__name__)
        return self

    @property
    def known(self) -> bool:
        return bool(self.speeds.size)

    @property
    def size(self) -> int:
        """The number of workers."""
        return len(self.speeds) if self.known else self.workers

    @property
    def quantity(self) -> str:
        return "step time" if self.known else "expected step time"

    @property
    def scope(self) -> str:
        said = "known speeds" if self.known else f"speeds of mean {float(self.mean):g}, varying by {float(self.cv):.3g}"
        return f"{self.microbatches:,} microbatches on {self.size:,} workers, {said}"

    @cached_property
    def exact_speeds(self) -> list[Fraction]:
        """(n,) known ones; a decimal stands for itself."""
        return [fraction(value) for value in self.speeds.tolist()]

    def expected(self, shares: np.ndarray) -> tuple[float, float]:
        """The expected time of a step with random speeds, and a bound of its error."""
        from dualgap.problems.load_balance.slowest import expected

        return expected(shares, float(self.mean), float(self.cv))

    def evaluate(self, answer: Any) -> Evaluation:
        shares = np.asarray(answer.shares, dtype=np.float64)
        if shares.shape != (self.size,):
            return Evaluation(float("inf"), {"shares": Violation(max(1, abs(shares.size - self.size)))})
        violations = {}
        whole = np.rint(shares)
        if (worst := float(np.abs(shares - whole).max())) > 0:
            violations["whole shares"] = Violation(worst)
        if (least := float(shares.min())) < 0:
            violations["shares at least 0"] = Violation(-least)
        if (missing := abs(float(whole.sum()) - self.microbatches)) > 0:
            violations["all microbatches"] = Violation(missing, float(max(1, self.microbatches)))
        if violations:
            return Evaluation(float("inf"), violations)
        if self.known:
            value: Real = simplest(max(int(q) / speed for q, speed in zip(whole.tolist(), self.exact_speeds)))
            return Evaluation(value, {}, self._known_metrics(float(value)))
        value, error = self.expected(whole)
        return Evaluation(value, {}, self._random_metrics(whole, value), scale=error / ROUNDING)

    def _known_metrics(self, value: float) -> dict[str, dict[str, Real]]:
        ideal = self.microbatches / float(self.speeds.sum())
        equal = float((self.trivial().shares / self.speeds.astype(np.float64)).max())
        found: dict[str, Real] = {"efficiency": ideal / value if value else 1.0}
        return {"time": found | {"equal shares": equal, "no rounding": ideal}}

    def _random_metrics(self, shares: np.ndarray, value: float) -> dict[str, dict[str, Real]]:
        from dualgap.problems.load_balance.slowest import balanced, blom, simulated

        even = self.microbatches / self.size / float(self.mean)
        draws = simulated(shares, float(self.mean), float(self.cv))
        found: dict[str, Real] = {
            "efficiency": even / value if value else 1.0,
            "no variation": even,
            "Blom": even * (1.0 + float(self.cv) * blom(self.size)),
            "simulated": draws.mean,
            "standard error": draws.error,
        }
        best = balanced(self.microbatches, self.size, float(self.mean), float(self.cv))
        return {"time": found | {"balanced, if speeds were known": best.mean, "its standard error": best.error}}

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        """Known speeds: no time suffices in which workers do fewer whole microbatches.

        Random ones: the expected time is convex in the shares and workers are alike, so that even shares, rounded or
        not, are the least.

        Raises:
            InvalidWitnessError: another witness.
        """
        if not isinstance(witness, EvenLoad):
            raise InvalidWitnessError(f"load-balance takes no {witness.type} witness")
        if self.known:
            value = simplest(least_time(self.exact_speeds, self.microbatches))
            return Bound(value, Evidence.PROVED, "whole microbatches on every worker")
        even = np.full(self.size, self.microbatches / self.size)
        least, error = self.expected(even)
        return Bound(least - error, Evidence.NUMERICAL, "even shares, by convexity and symmetry", error)

    def trivial(self) -> Shares:
        """Equal shares; the first workers have one more where they don't come out even."""
        each, rest = divmod(self.microbatches, self.size)
        return Shares(shares=each + (np.arange(self.size) < rest))

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        shares = np.asarray(answer.shares)
        counts, times = np.unique(shares, return_counts=True)
        if not self.known:
            return [("microbatches", "workers"), *((f"{int(q):,}", f"{n:,}") for q, n in zip(counts, times))]
        rows = [(str(j + 1), f"{int(q):,}", f"{float(q) / s:.6g}") for j, (q, s) in enumerate(zip(shares, self.speeds))]
        return [("worker", "microbatches", "ends"), *rows]

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        time = metrics.get("time")
        return [[("time of a step", ""), *((name, f"{float(x):.6g}") for name, x in time.items())]] if time else []

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> LoadBalance:
        """``size`` workers; see ``BalanceOptions``.

        Raises:
            UsageError: an unknown or impossible option.
        """
        given = read_options(BalanceOptions, options, "load-balance", size)
        if not given.known:
            return cls(microbatches=size * given.each, workers=size, cv=given.cv)
        rng = np.random.Generator(np.random.PCG64(seed))
        speeds = np.round(np.maximum(rng.normal(1.0, given.cv, size), 0.01), 4)
        return cls(microbatches=size * given.each, speeds=speeds)


class BalanceOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        known: whether speeds are drawn once and known. each: microbatches of a worker, on average. cv: of speeds.
    """

    known: bool = True
    each: int = Field(8, ge=1)
    cv: float = Field(0.05, ge=0, le=0.3)


def _faults(problem: LoadBalance) -> Iterator[Fault]:
    if not 1 <= problem.microbatches <= _MICROBATCHES:
        yield Fault(
            "microbatches", f"{problem.microbatches} isn't from 1 to {_MICROBATCHES:,}", "of all workers together"
        )
    if problem.known == (problem.workers > 0):
        yield Fault("speeds", "known speeds, or a number of workers", "speeds = [1.0, 0.9], or workers = 8 with cv")
    elif problem.known and (problem.speeds <= 0).any():
        yield Fault("speeds", "a speed that isn't positive", "microbatches a second")
    if problem.workers < 0 or problem.size > _WORKERS:
        where, remedy = "speeds" if problem.known else "workers", "balance groups of workers that are alike"
        yield Fault(where, f"{problem.size:,} workers, not from 1 to {_WORKERS:,}", remedy)
    if problem.mean <= 0:
        yield Fault("mean", f"{problem.mean} is no speed", "microbatches a second")
    if not 0 <= problem.cv <= 0.3:
        yield Fault("cv", f"{problem.cv} isn't from 0 to .3", "beyond, a normal speed is negative too often")

"""The ``attention-placement`` kind: its closed spec, evaluation and names.

Mathematics: n_jk of the N_k blocks of type k go to device j, where each takes p_jk:

    min max_j sum_k p_jk n_jk  subject to  sum_j n_jk = N_k,  n_jk whole, at least 0.

Blocks of a type are alike, so that counts say everything, and the program doesn't grow with their number. Uniform
devices have p_jk = work_k / speed_j (Q||Cmax), unrelated ones any times (R||Cmax).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from dualgap.core.arrays import Matrix, Rows, Vector, as_array
from dualgap.core.certificate import Bound, Evaluation, Violation
from dualgap.core.errors import Fault, SpecError
from dualgap.core.exact import fraction, simplest
from dualgap.core.figures import Figure
from dualgap.core.problem import Answer, Problem
from dualgap.core.resolve import Resolver
from dualgap.core.views import View
from dualgap.core.witness import Witness
from dualgap.problems.attention_placement.raw import RAW_FIELDS, RAW_SCHEMAS, too_large
from dualgap.problems.counts import Names


def _nothing() -> np.ndarray:
    return as_array(())


class Placement(Answer):
    """How many blocks of each type run on each device.

    Attributes:
        counts: (devices, types) whole numbers.
    """

    counts: Matrix


class AttentionPlacement(Problem):
    """Blocks of attention on devices; the slowest device counts.

    Attributes:
        work: (K,) whole numbers, what a block of each type takes: half tiles of scores.
        count: (K,) how many blocks of each type there are.
        speed: (m,) of uniform devices, in units of work a second; give these, or ``seconds``.
        seconds: (m, K) of a block of each type on each device.
        types: names of the K types; b1, b2 ... by default.
        devices: names of the m devices; d1, d2 ... by default.
    """

    kind: ClassVar[str] = "attention-placement"
    summary: ClassVar[str] = "attention blocks on devices, equal or not, the slowest as fast as can be"
    answer_type: ClassVar[type[Answer]] = Placement
    raw_fields: ClassVar[Mapping[str, str]] = RAW_FIELDS
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = RAW_SCHEMAS

    work: Vector
    count: Vector
    speed: Vector = Field(default_factory=_nothing)
    seconds: Rows = Field(default_factory=_nothing)
    types: Names = ()
    devices: Names = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if found := list(_faults(self)):
            raise SpecError(found, type(self).__name__)
        return self

    @property
    def quantity(self) -> str:
        return "makespan"

    @property
    def scope(self) -> str:
        return f"{int(self.count.sum()):,} blocks of {len(self.work):,} types on {self.size:,} devices"

    @property
    def uniform(self) -> bool:
        """Whether a speed says everything about a device."""
        return bool(self.speed.size)

    @property
    def size(self) -> int:
        """The number of devices."""
        return len(self.speed) if self.uniform else len(self.seconds)

    @cached_property
    def type_names(self) -> tuple[str, ...]:
        return self.types or tuple(f"b{k + 1}" for k in range(len(self.work)))

    @cached_property
    def device_names(self) -> tuple[str, ...]:
        return self.devices or tuple(f"d{j + 1}" for j in range(self.size))

    @cached_property
    def times(self) -> np.ndarray:
        """(m, K) float64 seconds of a block."""
        if self.uniform:
            return np.asarray(self.work[None, :] / self.speed[:, None].astype(np.float64))
        return self.seconds.astype(np.float64)

    @cached_property
    def speeds(self) -> list[Fraction]:
        """(m,) of uniform devices; a decimal stands for itself."""
        return [fraction(value) for value in self.speed.tolist()]

    @cached_property
    def exact_times(self) -> list[list[Fraction]]:
        """(m, K) seconds of a block, exact."""
        if self.uniform:
            work = [int(value) for value in self.work]
            return [[value / speed for value in work] for speed in self.speeds]
        return [[fraction(value) for value in row] for row in self.seconds.tolist()]

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        counts = np.asarray(answer.counts)
        if counts.shape != (self.size, len(self.work)):
            return Evaluation(float("inf"), {"counts": Violation(max(1, abs(counts.size - self.times.size)))})
        whole = np.rint(counts.astype(np.float64))
        violations = {}
        if (worst := float(np.abs(counts - whole).max(initial=0.0))) > 0:
            violations["whole counts"] = Violation(worst)
        if (least := float(counts.min(initial=0))) < 0:
            violations["counts at least 0"] = Violation(-least)
        placed = whole.sum(axis=0)
        for k in np.flatnonzero(placed != self.count)[:10].tolist():
            named = f"all blocks of {self.type_names[k]}"
            violations[named] = Violation(abs(float(placed[k]) - float(self.count[k])), max(1.0, float(self.count[k])))
        loads = self.loads(whole)
        slowest = max(range(self.size), key=lambda j: loads[j])
        total = sum(loads, Fraction(0))
        idle = 1 - total / (self.size * loads[slowest]) if loads[slowest] else Fraction(0)
        metrics = {"load": {"slowest": simplest(loads[slowest]), "fastest": simplest(min(loads)), "idle": float(idle)}}
        return Evaluation(simplest(loads[slowest]), violations, metrics)

    def loads(self, counts: np.ndarray) -> list[Fraction]:
        """(m,) exact seconds of each device."""
        if self.uniform:
            done = (counts.astype(np.int64) @ self.work.astype(np.int64)).tolist()
            return [amount / speed for amount, speed in zip(done, self.speeds)]
        return [
            sum((int(n) * time for n, time in zip(row, times) if n), Fraction(0))
            for row, times in zip(counts.astype(np.int64).tolist(), self.exact_times)
        ]

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.attention_placement.proofs import prove

        return prove(self, witness)

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.attention_placement.views import views

        return views(self)

    def trivial(self) -> Placement:
        """Everything on the device that is fastest at everything."""
        counts = np.zeros((self.size, len(self.work)), dtype=np.int64)
        counts[int((self.times @ self.count).argmin())] = self.count
        return Placement(counts=counts)

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        from dualgap.problems.attention_placement.render import figures

        return figures(self, answer)

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        from dualgap.problems.attention_placement.render import table

        return table(self, answer)

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        from dualgap.problems.attention_placement.raw import closed

        return closed(spec, resolver)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> AttentionPlacement:
        """``size`` causal blocks a copy; see ``dualgap.problems.attention_placement.generate``."""
        from dualgap.problems.attention_placement.generate import generate

        return cls(**generate(size, seed, **options))


def _faults(problem: AttentionPlacement) -> Iterator[Fault]:
    types = len(problem.work)
    yield from too_large(types, problem.size)
    for name, least in (("work", 1), ("count", 0)):
        values = getattr(problem, name)
        if values.dtype.kind not in "iu" or (values < least).any():
            yield Fault(name, f"holds something else than whole numbers from {least}", "one for each type of block")
        elif values.size and int(values.max()) > 2**40:
            yield Fault(name, "an entry beyond 2^40", "take a larger unit")
    if not types:
        yield Fault("work", "no block", "give one type at least")
    if len(problem.count) != types:
        yield Fault("count", f"{len(problem.count)} entries, with {types} types", "one for each type")
    if bool(problem.speed.size) == bool(problem.seconds.size):
        yield Fault("speed", "speeds and seconds say the same", "give one of the two")
    elif problem.speed.size and (problem.speed <= 0).any():
        yield Fault("speed", "a speed that isn't positive", "units of work a second")
    elif problem.seconds.size:
        if problem.seconds.ndim != 2 or problem.seconds.shape[1] != types:
            yield Fault("seconds", f"shape {problem.seconds.shape}", f"a row of {types} a device")
        elif (problem.seconds <= 0).any():
            yield Fault("seconds", "a time that isn't positive", "seconds of a block")
    for name, length in (("types", types), ("devices", problem.size)):
        given = getattr(problem, name)
        if given and (len(given) != length or len(set(given)) != length):
            yield Fault(name, f"{len(given)} names for {length}", "one each, no two alike")

"""The ``ring-attention`` kind: its closed spec, evaluation and names.

Mathematics: device j holds n / m of the n stretches of a sequence, B_j, as queries and as keys. In step r it attends
from its queries to the keys of device j - r, and all wait for the slowest (Liu et al., 2023):

    min sum_r max_j w(B_j, B_(j-r)) / speed_j,

w the pairs of queries and keys that the mask leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import model_validator

from dualgap.core.arrays import Matrix, Rows, Vector
from dualgap.core.certificate import Bound, Evaluation, Violation
from dualgap.core.errors import Fault, SpecError
from dualgap.core.exact import fraction, simplest
from dualgap.core.figures import Figure, Timeline
from dualgap.core.problem import Answer, Problem
from dualgap.core.resolve import Resolver
from dualgap.core.statement import format_value
from dualgap.core.witness import Witness
from dualgap.problems.counts import Names
from dualgap.problems.ring_attention.raw import MOST, RAW_FIELDS, RAW_SCHEMAS

_LISTED = 8


class RingOrder(Answer):
    """Which stretches each device holds, devices in the ring's order.

    Attributes:
        held: (devices, stretches each) places in the sequence, from 0.
    """

    held: Matrix


class RingAttention(Problem):
    """Attention in a ring; in each step the slowest device counts.

    Attributes:
        work: (n, n) whole numbers: pairs of a query of one stretch and a key of another that are attended.
        speed: (m,) pairs a second of each device; m divides n.
        devices: names of the m devices; d1, d2 ... by default.
    """

    kind: ClassVar[str] = "ring-attention"
    summary: ClassVar[str] = "stretches of a sequence on a ring of devices, the sum of each step's slowest"
    answer_type: ClassVar[type[Answer]] = RingOrder
    raw_fields: ClassVar[Mapping[str, str]] = RAW_FIELDS
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = RAW_SCHEMAS

    work: Rows
    speed: Vector
    devices: Names = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if found := list(_faults(self)):
            raise SpecError(found, type(self).__name__)
        return self

    @property
    def quantity(self) -> str:
        return "time of a round"

    @property
    def unit(self) -> str:
        return "s"

    @property
    def scope(self) -> str:
        return f"{len(self.work):,} stretches on {len(self.speed):,} devices"

    @property
    def each(self) -> int:
        """Stretches of a device."""
        return len(self.work) // len(self.speed)

    @cached_property
    def device_names(self) -> tuple[str, ...]:
        return self.devices or tuple(f"d{j + 1}" for j in range(len(self.speed)))

    @cached_property
    def speeds(self) -> list[Fraction]:
        """(m,); a decimal stands for itself."""
        return [fraction(value) for value in self.speed.tolist()]

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        held = np.asarray(answer.held)
        if held.shape != (len(self.speed), self.each):
            return Evaluation(float("inf"), {"held": Violation(max(1, abs(held.size - len(self.work))))})
        places = held.ravel().tolist()
        missing = len(set(range(len(self.work))) - set(places))
        if missing:
            return Evaluation(float("inf"), {"every stretch once": Violation(float(missing))})
        steps = self.steps(held.astype(np.int64))
        slowest = [max(row) for row in steps]
        total = sum(slowest, Fraction(0))
        idle = 1 - sum(map(sum, steps), Fraction(0)) / (len(steps) * total) if total else Fraction(0)
        metrics = {"steps": {"slowest": simplest(max(slowest)), "fastest": simplest(min(slowest)), "idle": float(idle)}}
        return Evaluation(simplest(total), {}, metrics)

    def steps(self, held: np.ndarray) -> list[list[Fraction]]:
        """(steps, devices) exact seconds."""
        size, order = len(self.speed), held.ravel()
        pairs = (
            self.work.astype(object)[np.ix_(order, order)].reshape(size, self.each, size, self.each).sum(axis=(1, 3))
        )
        return [[pairs[j, (j - r) % size] / self.speeds[j] for j in range(size)] for r in range(size)]

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.ring_attention.proofs import prove

        return prove(self, witness)

    def trivial(self) -> RingOrder:
        """As they come."""
        return RingOrder(held=np.arange(len(self.work)).reshape(len(self.speed), -1))

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [("device", "stretches", "busy")]
        busy = [sum(column, Fraction(0)) for column in zip(*self.steps(np.asarray(answer.held).astype(np.int64)))]
        for name, row, seconds in zip(self.device_names, np.asarray(answer.held).astype(int).tolist(), busy):
            more = f" and {len(row) - _LISTED} more" if len(row) > _LISTED else ""
            rows.append((name, ", ".join(map(str, row[:_LISTED])) + more, f"{format_value(float(seconds))} s"))
        return rows

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        """Steps one after the other; a device waits where its own is shorter than the longest."""
        steps = np.array(self.steps(np.asarray(answer.held).astype(np.int64)), dtype=np.float64)
        starts = np.cumsum([0.0, *steps.max(axis=1)[:-1]])
        rows = tuple(
            (
                name,
                tuple(
                    (float(a), float(a + long), "odd" if r % 2 else "even")
                    for r, (a, long) in enumerate(zip(starts, mine))
                ),
            )
            for name, mine in zip(self.device_names, steps.T)
        )
        return (
            Timeline(
                "Steps of a round in seconds, one light, the next one dark; between them devices wait.", "steps", rows
            ),
        )

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        from dualgap.problems.ring_attention.raw import closed

        return closed(spec, resolver)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> RingAttention:
        """``size`` devices; see ``dualgap.problems.ring_attention.generate``."""
        from dualgap.problems.ring_attention.generate import generate

        return cls(**generate(size, seed, **options))


def _faults(problem: RingAttention) -> Iterator[Fault]:
    work, count = problem.work, len(problem.speed)
    if work.ndim != 2 or not work.size or work.shape[0] != work.shape[1]:
        yield Fault("work", f"shape {work.shape}", "a row and a column for each stretch")
        return
    if len(work) > MOST:
        yield Fault("work", f"{len(work):,} stretches, beyond {MOST:,}", "take longer ones")
    if work.dtype.kind not in "iu" or (work < 0).any() or int(work.max()) > 2**40:
        yield Fault("work", "holds something else than whole numbers from 0 to 2^40", "pairs that are attended")
    if not count or (problem.speed <= 0).any():
        yield Fault("speed", "no device, or a speed that isn't positive", "pairs a second of each device")
    elif len(work) % count:
        yield Fault("speed", f"{count} devices don't divide {len(work)} stretches", "as many stretches for each device")
    if problem.devices and (len(problem.devices) != count or len(set(problem.devices)) != count):
        yield Fault("devices", f"{len(problem.devices)} names for {count}", "one each, no two alike")

"""The ``knapsack`` kind: its closed spec, evaluation and names.

Mathematics: max sum_j v_j x_j subject to sum_j w_ij x_j <= c_i for every dimension i, 0 <= x_j <= copies_j, x integer
(Kellerer, Pferschy and Pisinger, Knapsack Problems, 2004).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from pydantic import field_validator, model_validator

from dualgap.core.arrays import INT64_MAX, Entries, Rows, Vector
from dualgap.core.certificate import Bound, Evaluation, Evidence, Sense, Violation
from dualgap.core.exact import Exact, exact, float_noise, lattice_step, nearest, simplest
from dualgap.core.explain.blocks import SHOWN, Block
from dualgap.core.problem import Answer, Problem
from dualgap.core.views import View
from dualgap.core.witness import Ray, Witness
from dualgap.problems.counts import (
    Copies,
    CountsAnswer,
    Names,
    check_names,
    count_violations,
    countable,
    fault,
    format_decimal,
    read_counts,
    write_counts,
)

if TYPE_CHECKING:
    from dualgap.core.batch import Batch
    from dualgap.core.resolve import Resolver


class KnapsackAnswer(CountsAnswer):
    """How many of each item are packed, in the spec's order."""


class Knapsack(Problem):
    """Pack the most valuable items within the capacity.

    Attributes:
        values: (n,) worth of each item; negative ones are never worth packing.
        weights: (m, n), one row a dimension; a single row may be given flat.
        capacity: (m,), the most that each row of weights may sum to; a number for one dimension.
        copies: how many of each item there are: a number, one number an item, or "unbounded".
        names: the items' names; "0" to "n-1" by default.
        dimensions: the names of the rows of weights; the columns' names where weights names columns.
    """

    kind: ClassVar[str] = "knapsack"
    summary: ClassVar[str] = "pack the most valuable items within one or several capacities"
    answer_type: ClassVar[type[Answer]] = KnapsackAnswer
    column_fields: ClassVar[tuple[str, ...]] = ("values", "weights", "names", "copies")
    raw_fields: ClassVar[Mapping[str, str]] = {
        "file": "an instance file instead of the data: kplib's .kp, Jooken's .in or OR-Library's mknap; also .gz",
        "format": 'of the file where its suffix doesn\'t say it: "kp", "jooken" or "mknap"',
        "instance": "which instance of an mknap file, counted from 1",
    }

    values: Vector
    weights: Rows
    capacity: Entries
    copies: Copies = 1
    names: Names = ()
    dimensions: Names = ()

    @field_validator("weights")
    @classmethod
    def _rows(cls, weights: np.ndarray) -> np.ndarray:
        if (weights < 0).any():
            where = np.argwhere(weights < 0)[0].tolist()
            raise fault(f"negative weight at index {', '.join(map(str, where))}", "weights must be >= 0")
        return weights.reshape(1, -1) if weights.ndim == 1 else weights

    @field_validator("capacity")
    @classmethod
    def _capacities(cls, capacity: np.ndarray) -> np.ndarray:
        if (capacity < 0).any():
            raise fault("negative capacity", "capacities must be >= 0")
        return capacity.reshape(-1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        n, (rows, items) = len(self.values), self.weights.shape
        if n == 0:
            raise fault("no items", "name at least one")
        if items != n:
            raise fault(f"weights has {items} items, values {n}", "give every item one value and one weight a row")
        if len(self.capacity) != rows:
            raise fault(f"capacity has {len(self.capacity)} entries, weights {rows} rows", "one capacity a row")
        if isinstance(self.copies, np.ndarray) and len(self.copies) != n:
            raise fault(f"copies has {len(self.copies)} entries, values {n}", "one number an item")
        check_names("names", self.names, n)
        check_names("dimensions", self.dimensions, rows)
        _ = self.limits  # refuses counts beyond 64 bits
        return self

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        """Reads ``data`` (columns by name) or ``file`` (``.kp``, Jooken's and OR-Library's formats)."""
        raw = dict(spec)
        if "file" in raw:
            from dualgap.problems.knapsack.readers import read_instance

            name, form = raw.pop("file"), raw.pop("format", None)
            read = read_instance(resolver.path(name, "file"), form, raw.pop("instance", None))
            del read["kind"]
            return {**read, **raw}
        weights = raw.get("weights")
        named = isinstance(weights, list) and weights and all(isinstance(part, str) for part in weights)
        closed = resolver.columns(raw, cls.column_fields)
        if named:
            closed.setdefault("dimensions", weights)
        return closed

    @property
    def sense(self) -> Sense:
        return Sense.MAXIMIZE

    @property
    def quantity(self) -> str:
        return "total value"

    @property
    def size(self) -> int:
        """The number of items."""
        return len(self.values)

    @cached_property
    def item_names(self) -> tuple[str, ...]:
        return self.names or tuple(map(str, range(self.size)))

    @cached_property
    def row_names(self) -> tuple[str, ...]:
        if self.dimensions:
            return self.dimensions
        return ("capacity",) if len(self.capacity) == 1 else tuple(f"capacity {i}" for i in range(len(self.capacity)))

    # Exact data.
    @cached_property
    def exact_values(self) -> Exact:
        return exact(self.values)

    @cached_property
    def exact_rows(self) -> tuple[tuple[Exact, Fraction], ...]:
        """(weights, capacity) of each dimension, in exact arithmetic."""
        capacities = [exact(self.capacity[i : i + 1]).item(0) for i in range(len(self.capacity))]
        return tuple((exact(row), capacity) for row, capacity in zip(self.weights, capacities, strict=True))

    @cached_property
    def limits(self) -> np.ndarray:
        """(n,) int64: the most copies of each item that could be packed alone; -1 where nothing limits them."""
        n = self.size
        limits = np.full(n, -1, dtype=np.int64)
        if not isinstance(self.copies, str):
            limits = np.broadcast_to(np.asarray(self.copies, dtype=np.int64), (n,)).copy()
        for weights, capacity in self.exact_rows:
            room, heavy = int(capacity * weights.denominator), np.maximum(weights.numerators, 1)
            if room > INT64_MAX:
                heavy = heavy.astype(object)
            fits = np.where(weights.numerators > 0, room // heavy, -1)
            limits = np.where((fits >= 0) & ((limits < 0) | (fits < limits)), fits, limits)
        return countable(limits)

    @cached_property
    def step(self) -> Fraction:
        """Every objective value is a multiple of this (0 where all values are 0)."""
        return lattice_step(self.exact_values)

    def round_bound(self, bound: Fraction) -> int | Fraction:
        """The bound moved down to the objective's lattice."""
        lattice = bound if self.step == 0 else (bound // self.step) * self.step
        return simplest(lattice)  # type: ignore[return-value]

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        counts = Exact(answer.counts)
        if counts.shape != (self.size,):
            wrong = {"counts": Violation(abs(len(answer.counts) - self.size))}
            return Evaluation(0, wrong, exact=True)
        violations: dict[str, Violation] = {}
        used: dict[str, Any] = {}
        for name, (weights, capacity) in zip(self.row_names, self.exact_rows, strict=True):
            load = weights.dot(counts)
            used[name] = simplest(load)
            if load > capacity:
                violations[name] = Violation(simplest(load - capacity), max(1.0, nearest(capacity), nearest(load)))
        violations |= count_violations(answer.counts, self.copies, self.item_names)
        return Evaluation(simplest(self.exact_values.dot(counts)), violations, {"used": used}, exact=True)

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.knapsack.proofs import prove

        return prove(self, witness, seconds)

    def unbounded(self, witness: Witness) -> Evidence:
        """A ray of items without weight, without limit and with positive value."""
        if not isinstance(witness, Ray) or witness.direction.shape != (self.size,):
            return Evidence.NONE
        direction = exact(witness.direction)
        free = bool((direction.numerators >= 0).all()) and bool((self.limits[direction.numerators > 0] < 0).all())
        return Evidence.PROVED if free and self.exact_values.dot(direction) > 0 else Evidence.NONE

    @classmethod
    def batch(cls, arrays: Mapping[str, Any], source: str) -> Batch:
        from dualgap.problems.knapsack.batch import read_batch

        return read_batch(arrays, source)

    def trivial(self) -> KnapsackAnswer:
        return KnapsackAnswer(counts=np.zeros(self.size, dtype=np.int64))

    def tighten(self, bound: float) -> float:
        if self.step == 0:
            return bound
        return nearest(self.round_bound(Fraction(bound) + float_noise(bound)))

    def explain(
        self, answer: Any = None, witness: Witness | None = None, *, via: str | None = None, shown: int = SHOWN
    ) -> tuple[Block, ...]:
        from dualgap.problems.knapsack.argument import explain

        return explain(self, answer, witness, via, shown)

    # Names in answers.
    def read_answer(self, data: Any) -> Any:
        """From ``{"items": {name: count}}``, ``{"items": [name, ...]}`` or ``{"counts": [...]}``."""
        return KnapsackAnswer(counts=read_counts(data, "items", self.item_names))

    def write_answer(self, answer: Any) -> dict[str, Any]:
        return write_counts(answer.counts, "items", self.item_names)

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        if len(answer.counts) != self.size:
            return super().render(answer)
        rows = [("item", "count", "value", *self.row_names)]
        for index in np.flatnonzero(answer.counts).tolist():
            count = int(answer.counts[index])
            weights = (format_decimal(row.item(index) * count) for row, _ in self.exact_rows)
            value = format_decimal(self.exact_values.item(index) * count)
            rows.append((self.item_names[index], str(count), value, *weights))
        return rows

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.knapsack.views import views

        return views(self)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> Knapsack:
        """An instance of a published class; see ``dualgap.problems.knapsack.generate``."""
        from dualgap.problems.knapsack.generate import generate

        return cls(**generate(size, seed, **options))

"""The ``operator-sharding`` kind: its closed spec, evaluation and names.

Mathematics: operator k of layer l takes strategy s_lk. With seconds c, memory m and seconds r to bring the output of
one operator into the layout that another wants,

    min sum_l ( sum_k c_k(s_lk) + sum_(i,j) r_ij(s_li, s_lj) + sum_h r_h(s_(l-1)o, s_lh) )
    subject to sum_lk m_k(s_lk) <= limit,

o the operator that is a layer's output, h those that take it in the next layer. All layers are alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from dualgap.core.arrays import Matrix, Number, Rows, Vector, as_array
from dualgap.core.certificate import Bound, Evaluation, Violation
from dualgap.core.errors import Fault, SpecError
from dualgap.core.exact import Real, fraction, nearest, simplest
from dualgap.core.problem import Answer, Problem
from dualgap.core.resolve import Resolver
from dualgap.core.views import View
from dualgap.core.witness import Witness
from dualgap.problems.counts import Names
from dualgap.problems.operator_sharding.raw import RAW_FIELDS, RAW_SCHEMAS

_CHOICES = 4_000_000  # layers x operators x strategies
Pairs = tuple[tuple[tuple[int, int], np.ndarray], ...]


def _nothing() -> np.ndarray:
    return as_array(())


class Sharding(Answer):
    """Which strategy each operator of each layer takes.

    Attributes:
        choice: (layers, operators) places among the operator's strategies, from 0.
    """

    choice: Matrix


class OperatorSharding(Problem):
    """Layers that are alike, each of operators with strategies; the fastest choice within memory.

    Attributes:
        layers: how many.
        strategies: (K,) how many each operator has.
        seconds: of each strategy, the operators' one after another.
        memory: of each strategy, likewise, in any unit.
        limit: of memory, of all layers together.
        pairs: (E, 2) of operators, from 0, that are joined within a layer.
        output: the operator whose output goes to the next layer. heads: (H,) the operators that take it there.
        resharding: seconds from each strategy of the first to each of the second, row by row: of the inner pairs one
            after another, then from the output to each head.
        operators: names of the K operators; o1, o2 ... by default. names: of all strategies; s1, s2 ... by default.
    """

    kind: ClassVar[str] = "operator-sharding"
    summary: ClassVar[str] = "a strategy for each operator of each layer, the fastest that fits into memory"
    answer_type: ClassVar[type[Answer]] = Sharding
    raw_fields: ClassVar[Mapping[str, str]] = RAW_FIELDS
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = RAW_SCHEMAS
    raw_wholes: ClassVar[tuple[str, ...]] = ("operator",)

    layers: int
    strategies: Vector
    seconds: Vector
    memory: Vector
    limit: Number
    pairs: Rows = Field(default_factory=_nothing)
    heads: Vector = Field(default_factory=_nothing)
    output: int = 0
    resharding: Vector = Field(default_factory=_nothing)
    operators: Names = ()
    names: Names = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if found := list(_faults(self)):
            raise SpecError(found, type(self).__name__)
        return self

    @property
    def quantity(self) -> str:
        return "time"

    @property
    def unit(self) -> str:
        return "s"

    @property
    def scope(self) -> str:
        return f"{self.layers:,} layers of {len(self.strategies):,} operators, memory within {float(self.limit):.6g}"

    @cached_property
    def sizes(self) -> list[int]:
        """(K,) how many strategies each operator has."""
        return [int(count) for count in self.strategies]

    @cached_property
    def starts(self) -> np.ndarray:
        """(K,) where each operator's strategies start."""
        return np.asarray(np.cumsum([0, *self.sizes[:-1]]))

    @cached_property
    def operator_names(self) -> tuple[str, ...]:
        return self.operators or tuple(f"o{k + 1}" for k in range(len(self.sizes)))

    def strategy_name(self, operator: int, strategy: int) -> str:
        """As the spec has it."""
        at = int(self.starts[operator]) + strategy
        return self.names[at] if self.names else f"s{strategy + 1}"

    def _parts(self, values: np.ndarray) -> list[np.ndarray]:
        return np.split(values.astype(np.float64), self.starts[1:].tolist())

    @cached_property
    def node_seconds(self) -> list[np.ndarray]:
        """(K) arrays of the strategies' seconds."""
        return self._parts(self.seconds)

    @cached_property
    def node_memory(self) -> list[np.ndarray]:
        """(K) arrays of the strategies' memory."""
        return self._parts(self.memory)

    @cached_property
    def joined(self) -> list[tuple[int, int]]:
        """The inner pairs, then (output, head) for each head."""
        inner = [(int(i), int(j)) for i, j in self.pairs.reshape(-1, 2)]
        return [*inner, *((self.output, int(head)) for head in self.heads)]

    @cached_property
    def tables(self) -> list[np.ndarray]:
        """Of each of ``joined`` the seconds of bringing one strategy's output into another's layout."""
        sizes = [self.sizes[i] * self.sizes[j] for i, j in self.joined]
        parts = np.split(self.resharding.astype(np.float64), np.cumsum(sizes)[:-1].tolist()) if sizes else []
        return [part.reshape(self.sizes[i], self.sizes[j]) for part, (i, j) in zip(parts, self.joined)]

    @property
    def inner(self) -> Pairs:
        """Pairs within a layer, with their tables."""
        count = len(self.pairs.reshape(-1, 2))
        return tuple(zip(self.joined[:count], self.tables[:count]))

    @property
    def links(self) -> tuple[tuple[int, np.ndarray], ...]:
        """Heads, with the tables from the output of the layer before."""
        return tuple((int(head), table) for head, table in zip(self.heads, self.tables[len(self.inner) :]))

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        choice = np.asarray(answer.choice)
        shape = (self.layers, len(self.sizes))
        if choice.shape != shape:
            return Evaluation(float("inf"), {"a strategy for each operator": Violation(max(1, choice.size))})
        wrong = (choice != np.rint(choice)) | (choice < 0) | (choice >= np.array(self.sizes))
        if wrong.any():
            return Evaluation(float("inf"), {"strategies that there are": Violation(int(wrong.sum()))})
        choice = choice.astype(np.int64)
        chosen = np.bincount((choice + self.starts).ravel(), minlength=len(self.seconds))
        run, used = _sum(chosen, self.seconds), _sum(chosen, self.memory)
        moved = self._moved(choice)
        limit = fraction(self.limit)
        violations = {"memory": Violation(nearest(used - limit), max(nearest(limit), 1.0))} if used > limit else {}
        spent: dict[str, Real] = {"operators": simplest(run), "resharding": simplest(moved)}
        room: dict[str, Real] = {"used": simplest(used), "limit": self.limit, "left": simplest(limit - used)}
        return Evaluation(simplest(run + moved), violations, {"time": spent, "memory": room})

    def _moved(self, choice: np.ndarray) -> Fraction:
        """Exact seconds of resharding."""
        total, start = Fraction(0), 0
        inner = len(self.inner)
        for place, (i, j) in enumerate(self.joined):
            first, second = (choice, choice) if place < inner else (choice[:-1], choice[1:])
            entries = self.sizes[i] * self.sizes[j]
            times = np.bincount(first[:, i] * self.sizes[j] + second[:, j], minlength=entries)
            total += _sum(times, self.resharding[start : start + entries])
            start += entries
        return total

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.operator_sharding.proofs import prove

        return prove(self, witness)

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.operator_sharding.views import views

        return views(self)

    @cached_property
    def leanest(self) -> np.ndarray:
        """(K,) each operator's strategy of least memory, the fastest of these."""
        return np.array([np.lexsort((run, used))[0] for run, used in zip(self.node_seconds, self.node_memory)])

    @cached_property
    def least_memory(self) -> Fraction:
        """That all layers need."""
        return self.layers * sum((fraction(float(part.min())) for part in self.node_memory), Fraction(0))

    def trivial(self) -> Sharding | None:
        """The leanest strategies, where they fit."""
        fits = self.least_memory <= fraction(self.limit)
        return Sharding(choice=np.tile(self.leanest, (self.layers, 1))) if fits else None

    def explain_infeasible(self) -> str:
        """How much is missing, and which operators need the most."""
        least = self.layers * np.array([part.min() for part in self.node_memory])
        most = np.argsort(-least, kind="stable")[:3].tolist()
        named = ", ".join(f"{self.operator_names[k]} {least[k]:.6g}" for k in most)
        missing = float(least.sum()) - float(self.limit)
        return f"The least memory of all operators is {missing:.6g} above the limit; at least need {named}."

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        from dualgap.problems.operator_sharding.render import table

        return table(self, answer)

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        """Seconds and memory."""
        return [
            [(name, ""), *((part, f"{float(x):.6g}") for part, x in said.items())] for name, said in metrics.items()
        ]

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        from dualgap.problems.operator_sharding.raw import closed

        return closed(spec, resolver)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> OperatorSharding:
        """``size`` layers with random layouts; see ``dualgap.problems.operator_sharding.generate``."""
        from dualgap.problems.operator_sharding.generate import generate

        return cls(**generate(size, seed, **options))


def _sum(counts: np.ndarray, values: np.ndarray) -> Fraction:
    """Exact sum of counts times values; a decimal stands for itself."""
    used = np.flatnonzero(counts)
    return sum((int(n) * fraction(value) for n, value in zip(counts[used], values[used].tolist())), Fraction(0))


def _faults(problem: OperatorSharding) -> Iterator[Fault]:
    sizes, count = problem.strategies, len(problem.strategies)
    if sizes.dtype.kind not in "iu" or not count or (sizes < 1).any():
        yield Fault("strategies", "holds something else than whole numbers from 1", "how many each operator has")
        return
    total = int(sizes.astype(object).sum())
    if problem.layers < 1 or problem.layers * total > _CHOICES:
        yield Fault("layers", f"{problem.layers:,} layers of {total:,} strategies", f"1 to {_CHOICES:,} choices in all")
    for name in ("seconds", "memory"):
        values = getattr(problem, name)
        if len(values) != total:
            yield Fault(name, f"{len(values)} entries, with {total} strategies", "one for each strategy")
        elif (values < 0).any():
            yield Fault(name, "an entry below 0", "seconds and memory are from 0")
    if problem.limit < 0:
        yield Fault("limit", f"{problem.limit} is no memory", "a number from 0")
    if not 0 <= problem.output < count:
        yield Fault("output", f"{problem.output} isn't an operator", f"a place from 0 to {count - 1}")
        return
    pairs = problem.pairs.reshape(-1, 2) if problem.pairs.size % 2 == 0 else np.full((1, 2), -1)
    for name, values in (("pairs", pairs), ("heads", problem.heads)):
        if values.size and (values.dtype.kind not in "iu" or (values < 0).any() or (values >= count).any()):
            yield Fault(name, "an entry that isn't an operator", f"places from 0 to {count - 1}")
            return
    if len(pairs) and (pairs[:, 0] == pairs[:, 1]).any():
        yield Fault("pairs", "an operator joined with itself", "two operators")
    wanted = sum(int(sizes[i]) * int(sizes[j]) for i, j in pairs.tolist())
    wanted += sum(int(sizes[problem.output]) * int(sizes[h]) for h in problem.heads.tolist())
    if len(problem.resharding) != wanted:
        yield Fault("resharding", f"{len(problem.resharding)} entries, not {wanted}", "one for each pair of strategies")
    elif (problem.resharding < 0).any():
        yield Fault("resharding", "an entry below 0", "seconds are from 0")
    for name, length in (("operators", count), ("names", total)):
        given = getattr(problem, name)
        if given and len(given) != length:
            yield Fault(name, f"{len(given)} names for {length}", "one each")

"""The knapsack in one dimension by dynamic programming: fix what a multiplier and an incumbent settle, table the rest.

Small tables over the items nearest to the break item improve the incumbent first (Balas and Zemel, An algorithm for
large zero-one knapsack problems, Operations Research 28, 1980); each better incumbent fixes more, until what is left
fits a table that settles the optimum.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dualgap.core.claim import Claim, Scalar, Stop
from dualgap.core.exact import dyadic, simplest
from dualgap.core.solver import Context
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.knapsack import Knapsack, KnapsackAnswer, Replay
from dualgap.problems.knapsack.instance import Instance, proportional
from dualgap.problems.knapsack.packing import Packing, packing
from dualgap.problems.knapsack.prices import Price
from dualgap.problems.knapsack.residual import Residual, residual
from dualgap.solvers.knapsack import tables
from dualgap.solvers.knapsack.greedy import multipliers, pack, ray

METHODS = ("auto", *tables.WAYS)
_FIRST_WORK = 1e6  # entries of the first table; each round may take _GROWTH times as many
_GROWTH = 8
_SMALLEST_CORE = 8


def refuses(problem: Knapsack, method: str, memory: int) -> str | None:
    """Why the method can't be used here, or what it would need."""
    if method not in METHODS:
        return f"method {method!r} is not for knapsack; it has: {', '.join(METHODS)}"
    if len(problem.capacity) != 1:
        return f"its tables have one dimension, this knapsack has {len(problem.capacity)}; take highs or cp-sat"
    if ray(problem) is not None:
        return None
    packed = packing(problem)
    if method == "bitset" and not proportional(packed.values, packed.weights):
        return "method 'bitset' takes values proportional to weights; take 'weight' or 'value'"
    rows = multipliers(problem)
    price = Price(dyadic(rows)[0] / packed.unit)
    core = _nearest(residual(packed, price, 0), _SMALLEST_CORE)
    if core.settled:
        return None
    least = core.instance()
    needed = min(tables.cost(least, way).bytes for way in _ways(method))
    if needed <= memory or _greedy_settles(problem, packed, rows, price):
        return None
    if not least.fits_int64:
        return "values or weights this large don't fit its 64-bit tables; scale them down"
    mebi = 2**20
    table = f"even a table over {_SMALLEST_CORE} items needs {needed / mebi:,.0f} MiB"
    return f"{table}, memory is {memory / mebi:,.0f} MiB (-p memory=BYTES)"


def _greedy_settles(problem: Knapsack, packed: Packing, rows: np.ndarray, price: Price) -> bool:
    counts = pack(problem, rows).counts[packed.index]
    return residual(packed, price, packed.worth(counts)).settled


def solve(problem: Knapsack, method: str, memory: int, ctx: Context) -> Claim:
    """The best packing, with a ``Replay``; the best found so far at a limit."""
    return ray(problem) or _Search(problem, method, memory, ctx).run()


def _ways(method: str) -> tuple[str, ...]:
    return tables.WAYS if method == "auto" else (method,)


def _nearest(left: Residual, size: int) -> Residual:
    """``size`` free items nearest to the break item; the others where the relaxation puts them."""
    free = np.flatnonzero(left.free > 0)
    core = np.zeros(len(left.free), dtype=bool)
    core[free[np.argsort(left.distance[free], kind="stable")][:size]] = True
    return replace(left, lower=np.where(core, left.lower, left.relaxed), free=np.where(core, left.free, 0))


class _Search:
    def __init__(self, problem: Knapsack, method: str, memory: int, ctx: Context) -> None:
        self.problem = problem
        self.method = method
        self.memory = memory
        self.ctx = ctx
        self.packed = packing(problem)
        self.rows = multipliers(problem)
        self.price = Price(dyadic(self.rows)[0] / self.packed.unit)
        self.counts = pack(problem, self.rows).counts[self.packed.index]
        self.witness: Witness = Multipliers(rows=self.rows)
        self._report()

    def run(self) -> Claim:
        work, rounds, last = _FIRST_WORK, 0, -1
        while not self.ctx.should_stop():
            left = residual(self.packed, self.price, self._worth())
            if left.settled:
                return self._settled("greedy" if rounds == 0 else "core", left, rounds)
            whole = left.instance()
            way = self._cheapest(whole)
            cost = tables.cost(whole, way)
            if cost.bytes <= self.memory and cost.entries <= work:
                if self._improve(left, whole, way) or not self.ctx.should_stop():
                    return self._settled(way, left, rounds)
                break
            if rounds == 0:
                work = max(work, self._least_work(left))
            core = self._core(left, work)
            improved = core is not None and self._improve(core, core.instance(), self._cheapest(core.instance()))
            size = 0 if core is None else int((core.free > 0).sum())
            if cost.bytes > self.memory and not improved and size == last:
                return self._out_of_memory(cost, rounds)
            work, rounds, last = work * _GROWTH, rounds + 1, size
        return self._claim(Stop.TIME, {"rounds": rounds})

    def _worth(self) -> int:
        return self.packed.worth(self.counts)

    def _cheapest(self, instance: Instance) -> str:
        """The table with the fewest entries among those that memory allows."""

        def rank(way: str) -> tuple[bool, float]:
            cost = tables.cost(instance, way)
            return cost.bytes > self.memory, cost.entries

        return min(_ways(self.method), key=rank)

    def _least_work(self, left: Residual) -> float:
        smallest = _nearest(left, _SMALLEST_CORE)
        if smallest.capacity < 0:
            return 0.0
        instance = smallest.instance()
        return tables.cost(instance, self._cheapest(instance)).entries

    def _core(self, left: Residual, work: float) -> Residual | None:
        """The free items nearest to the break item, the others where the relaxation puts them.

        As many as a table of ``work`` entries takes; None where that is too little for the fewest.
        """
        found, size = None, _SMALLEST_CORE
        while True:
            core = _nearest(left, size)
            if core.capacity >= 0:
                instance = core.instance()
                cost = tables.cost(instance, self._cheapest(instance))
                if cost.entries > work or cost.bytes > self.memory:
                    return found
                found = core
            if size >= len(left.free):
                return found
            size *= 2

    def _improve(self, left: Residual, instance: Instance, way: str) -> bool:
        """Whether a table finds something better than the incumbent; it is the incumbent from then on."""
        counts = tables.solve(instance, way, self.ctx.should_stop)
        if counts is None:
            return False
        self.counts = left.lower.copy()
        self.counts[instance.items] += instance.spread(counts)
        self._report()
        return True

    def _report(self) -> None:
        self.ctx.report(point=self._answer(), witness=self.witness)

    def _answer(self) -> KnapsackAnswer:
        return KnapsackAnswer(counts=self.packed.whole(self.counts))

    def _settled(self, method: str, left: Residual, rounds: int) -> Claim:
        """Nothing beats the incumbent outside the box of ``left``, nor (its table says) inside."""
        self.witness = Replay(rows=self.rows, incumbent=self._worth())
        statistics: dict[str, Scalar] = {"method": method, "free": int((left.free > 0).sum()), "rounds": rounds}
        bound = simplest(self._worth() * self.problem.step)
        return replace(self._claim(Stop.FINISHED, statistics), bound=bound)

    def _out_of_memory(self, cost: tables.Cost, rounds: int) -> Claim:
        needed, given = cost.bytes / 2**20, self.memory / 2**20
        message = f"the last table needs {needed:,.0f} MiB, memory is {given:,.0f} MiB (-p memory=BYTES)"
        return self._claim(Stop.MEMORY, {"rounds": rounds}, message)

    def _claim(self, stop: Stop, statistics: dict[str, Scalar], message: str = "") -> Claim:
        return Claim(
            point=self._answer(),
            feasible=True,
            stop=stop,
            value=simplest(self._worth() * self.problem.step),
            witness=self.witness,
            statistics=statistics,
            message=message,
        )

"""The knapsack in one dimension: price, fix, and list the states of what is left.

Balas and Zemel's core (An algorithm for large zero-one knapsack problems, Operations Research 28, 1980) with the lists
of Pisinger's minknap (Operations Research 45, 1997) and the further inequalities of Martello, Pisinger and Toth's combo
(Dynamic programming and strong bounds for the 0-1 knapsack problem, Management Science 45, 1999), which are multipliers
here: they price items before anything is fixed.

Lists over the items nearest to the break item improve the incumbent first, then longer and wider ones; each better
incumbent fixes more, until one list over everything left is complete.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Scalar, Start, Stop, Use
from dualgap.core.exact import simplest
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.knapsack import Knapsack, KnapsackAnswer, Replay
from dualgap.problems.knapsack.instance import Instance
from dualgap.problems.knapsack.packing import dot, packing
from dualgap.problems.knapsack.prices import rounded
from dualgap.problems.knapsack.proofs import replayed_price
from dualgap.problems.knapsack.repair import Loads, efficiency
from dualgap.problems.knapsack.residual import Residual, residual
from dualgap.solvers.knapsack import states
from dualgap.solvers.knapsack.greedy import break_multiplier, multipliers, ray
from dualgap.solvers.knapsack.pricing import tariff

_FIRST = (48, 512)  # items and states at a time of the first list
_GROWTH = 4
_SAFE = 2**56
_TIED = 1e-9


@dataclass(frozen=True)
class CoreKnapsack(Solver):
    """Exact for one capacity, 0/1 or with copies, values and weights of any size that 64 bits hold.

    Attributes:
        memory: bytes that a list of states may take.
    """

    name: ClassVar[str] = "core-knapsack"
    summary: ClassVar[str] = "exact knapsacks of one capacity: prices, fixing, and lists of states; proved by replay"
    accepts: ClassVar[tuple[type, ...]] = (Knapsack,)
    requires: ClassVar[tuple[str, ...]] = ("highspy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    memory: int = 2**30

    def refuses(self, form: Any) -> str | None:
        problem: Knapsack = form
        if len(problem.capacity) != 1:
            return f"its lists have one dimension, this knapsack has {len(problem.capacity)}; take highs or cp-sat"
        if ray(problem) is not None:
            return None
        packed = packing(problem)
        if packed.capacity >= _SAFE or any(
            dot(data, packed.limits) >= _SAFE for data in (packed.values, packed.weights)
        ):
            return "sums of values or weights beyond 2^56 in whole numbers; scale or round the data"
        return None

    def solve(self, form: Any, ctx: Context) -> Claim:
        memory = self.memory if ctx.budget.memory is None else min(self.memory, ctx.budget.memory)
        return ray(form) or _Search(form, memory, ctx).run()


class _Search:
    def __init__(self, problem: Knapsack, memory: int, ctx: Context) -> None:
        self.problem = problem
        self.memory = memory
        self.ctx = ctx
        self.packed = packing(problem)
        rows = multipliers(problem)
        self.witness = Replay(rows=rows, incumbent=0)
        self.price = replayed_price(problem, self.packed, self.witness)
        self.relaxed: np.ndarray | None = None
        self.shuffled = np.random.default_rng(ctx.seed).permutation(len(self.packed.index))
        self.started: Start | None = None
        self.counts = self._start()
        self._report()

    def _start(self) -> np.ndarray:
        """The better of greedy's packing and the one handed in."""
        loads = Loads(self.problem, np.zeros(self.problem.size, dtype=np.int64))
        loads.fill(np.argsort(-efficiency(self.problem), kind="stable"))
        packings, given = [loads.counts], self.ctx.start
        if isinstance(given, KnapsackAnswer) and not self.problem.evaluate(given).violations:
            packings.append(given.counts)
            self.started = Start(Use.USED, "the first incumbent, unless greedy's packing is better")
        elif given is not None:
            self.started = Start(Use.IGNORED, "it doesn't fit the capacity")
        return max((np.minimum(x[self.packed.index], self.packed.limits) for x in packings), key=self.packed.worth)

    def run(self) -> Claim:
        (size, width), rounds = _FIRST, 0
        while not self.ctx.should_stop():
            left = residual(self.packed, self.price, self._worth())
            if left.settled:
                return self._settled(left, rounds, 0)
            whole = int((left.free > 0).sum()) <= size
            box = left if whole else self._core(left, size)
            instance = box.instance()
            found = states.search(instance, width, self.memory, self.ctx.should_stop)
            improved = self._take(box, instance, found)
            if whole and found.complete:
                return self._settled(left, rounds, max(found.states, 1))
            if whole and width >= states.widest(self.memory):
                return self._out_of_memory(rounds)
            rounds, size, width = rounds + 1, size * _GROWTH, width * _GROWTH
            if rounds == 1 or (improved and self.price.count < 0):
                self._reprice()
        return self._claim(Stop.TIME, rounds)

    def _worth(self) -> int:
        return self.packed.worth(self.counts)

    def _core(self, left: Residual, size: int) -> Residual:
        """``size`` free items nearest to the break item (any of those equally near), the others as relaxed."""
        free = np.flatnonzero(left.free > 0)
        distance = left.distance.astype(np.float64)
        distance[distance <= _TIED * distance.max()] = 0.0
        order = np.lexsort((self.shuffled[free], distance[free]))
        core = np.zeros(len(left.free), dtype=bool)
        core[free[order[:size]]] = True
        relaxed = np.where(distance > 0, left.relaxed, self.counts) if self.relaxed is None else self.relaxed
        for base in (relaxed, self.counts):
            fixed = np.clip(base, left.lower, left.lower + left.free)
            box = replace(left, lower=np.where(core, left.lower, fixed), free=np.where(core, left.free, 0))
            if box.capacity >= 0:
                break
        return box

    def _take(self, box: Residual, instance: Instance, found: states.Found) -> bool:
        """Whether a list has found something better than the incumbent; it is the incumbent from then on."""
        if found.counts is None:
            return False
        counts = box.lower.copy()
        counts[instance.items] += instance.spread(found.counts)
        self.counts = counts
        self._report()
        return True

    def _reprice(self) -> None:
        """Takes a price with further inequalities if its bound is better and much is still open."""
        left = residual(self.packed, self.price, self._worth())
        if left.settled or int((left.free > 0).sum()) <= _FIRST[0] or self.ctx.should_stop():
            return
        packed, found = self.packed, tariff(self.packed, self.counts, self.ctx.should_stop)
        priced = packed.values - found.count
        for factor, charge in zip(found.factors.tolist(), found.charges.tolist(), strict=True):
            priced = priced - charge * rounded(packed, factor)[0]
        capacity = break_multiplier(priced, packed.weights.astype(np.float64), float(packed.capacity), packed.limits)
        witness = Replay(
            rows=np.array([capacity * float(packed.unit)]),
            incumbent=0,
            count=found.count,
            factors=found.factors,
            charges=found.charges,
        )
        price = replayed_price(self.problem, packed, witness)
        if residual(packed, price, self._worth()).bound < left.bound:
            self.witness, self.price, self.relaxed = witness, price, found.counts

    def _report(self) -> None:
        self.ctx.report(point=self._answer(), witness=self._bounding())

    def _bounding(self) -> Witness:
        """What proves the price's own bound."""
        if not self.price.count and not self.price.rounded:
            return Multipliers(rows=self.witness.rows)
        bound = residual(self.packed, self.price, self._worth()).bound
        return self.witness.model_copy(update={"incumbent": bound})

    def _answer(self) -> KnapsackAnswer:
        return KnapsackAnswer(counts=self.packed.whole(self.counts))

    def _settled(self, left: Residual, rounds: int, listed: int) -> Claim:
        """Nothing beats the incumbent outside the box of ``left``, nor (its list of states says) inside."""
        claim = self._claim(Stop.FINISHED, rounds)
        witness = self.witness.model_copy(update={"incumbent": self._worth(), "states": listed})
        statistics = {**claim.statistics, "free": int((left.free > 0).sum()), "states": listed}
        return replace(claim, witness=witness, bound=claim.value, statistics=statistics)

    def _out_of_memory(self, rounds: int) -> Claim:
        message = f"its list needs more than the {self.memory / 2**20:,.0f} MiB given (-p memory=BYTES)"
        return replace(self._claim(Stop.MEMORY, rounds), message=message)

    def _claim(self, stop: Stop, rounds: int) -> Claim:
        statistics: dict[str, Scalar] = {"rounds": rounds, "roundings": len(self.price.rounded)}
        return Claim(
            point=self._answer(),
            feasible=True,
            stop=stop,
            value=simplest(self._worth() * self.problem.step),
            witness=self._bounding(),
            statistics=statistics,
            start=self.started,
        )

"""Change-making by dynamic programming: which table, the answer, and a witness that the verifier can check."""

from __future__ import annotations

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Real
from dualgap.core.solver import Context
from dualgap.core.witness import Witness
from dualgap.problems.coin_change import AmountTable, CoinChange, CoinChangeAnswer, Potential, Unreachable
from dualgap.problems.coin_change.completion import Table, complete
from dualgap.problems.coin_change.currency import Currency, currency
from dualgap.problems.coin_change.tables import reachable
from dualgap.solvers.coin_change import deficit, levels
from dualgap.solvers.coin_change.greedy import cheapest_ratio, incumbent, obstacle

METHODS = ("auto", "amount", "bitset", "deficit")


def refuses(problem: CoinChange, method: str, memory: int) -> str | None:
    """Why the method can't be used here, or what it would need."""
    if method not in METHODS:
        return f"method {method!r} is not for coin-change; it has: {', '.join(METHODS)}"
    money = currency(problem)
    if not money.divides or not money.index.size:
        return None
    if method in ("bitset", "deficit") and not money.uniform:
        return f"method {method!r} takes coins of one positive cost; take 'amount'"
    if method == "bitset" and not money.unlimited.all():
        return "method 'bitset' takes coins without limits; take 'amount'"
    dearest = sum(cost * limit for cost, limit in zip(money.costs.tolist(), money.limits.tolist()))
    if dearest >= 2**61:
        return "costs this large don't fit the tables' integers; scale them down"
    needed = min(_least_bytes(money, way) for way in _ways(money, method))
    if needed > memory:
        mebi = 2**20
        return f"its table needs {needed / mebi:,.0f} MiB or more, memory is {memory / mebi:,.0f} MiB (-p memory=BYTES)"
    return None


def solve(problem: CoinChange, method: str, memory: int, ctx: Context) -> Claim:
    """The cheapest payment, or why there is none."""
    money = currency(problem)
    refuted = obstacle(problem, money)
    if refuted is not None:
        return refuted
    return _Search(problem, money, memory, ctx).run(method)


def _ways(money: Currency, method: str) -> tuple[str, ...]:
    if method != "auto":
        return (method,)
    return ("deficit", "amount") if money.uniform else ("amount",)


def _least_bytes(money: Currency, way: str) -> int:
    """What a way needs at least: a table of the narrowest integers, or its sparsest levels."""
    if way == "bitset":
        return levels.level_bytes(money.amount, money.amount // int(money.coins.max()))
    entries = 2 * int(money.coins.max()) if way == "deficit" else money.amount + 1
    return entries * np.dtype(np.int16).itemsize


class _Search:
    def __init__(self, problem: CoinChange, money: Currency, memory: int, ctx: Context) -> None:
        self.problem = problem
        self.money = money
        self.memory = memory
        self.ctx = ctx
        self.best = incumbent(problem, money)
        self.witness: Witness = cheapest_ratio(problem)
        self.bound = problem.bound(self.witness).value
        ctx.report(point=self.best, bound=self.bound, witness=self.witness)

    def run(self, method: str) -> Claim:
        if self.best is not None and self._value() == self.bound:
            return self._claim(Stop.FINISHED, "greedy")
        for way in _ways(self.money, method):
            claim = {"deficit": self._deficit, "amount": self._amount, "bitset": self._bitset}[way]()
            if claim is not None:
                return claim
            if self.ctx.should_stop():
                return self._claim(Stop.TIME, way)
        return self._claim(Stop.MEMORY, method, "the table outgrew the memory or the amount; take method 'auto'")

    def _value(self) -> Real:
        return self.problem.evaluate(self.best).objective

    def _steps(self) -> int:
        """A cost to stay below, in steps of the costs: the incumbent's, or more than any payment's."""
        costs: list[int] = self.money.costs.tolist()
        limits: list[int] = self.money.limits.tolist()
        if self.best is None:
            return 1 + sum(cost * limit for cost, limit in zip(costs, limits))
        counts: list[int] = self.best.counts[self.money.index].tolist()
        return sum(cost * count for cost, count in zip(costs, counts))

    def _deficit(self) -> Claim | None:
        money = self.money
        paid = deficit.fewest(money.coins, money.amount, self.memory, self.ctx.should_stop)
        if paid is None:
            return None
        self.witness = Potential(coins=int(paid.counts.sum()), table=paid.table)
        self.bound = self.problem.bound(self.witness).value
        counts = _spread(money, paid.counts)
        if counts is None:  # the bound holds, but this payment needs more copies than there are
            self.ctx.report(bound=self.bound, witness=self.witness)
            return None
        self._found(counts)
        return self._claim(Stop.FINISHED, "deficit")

    def _amount(self) -> Claim | None:
        money, ctx = self.money, self.ctx
        if self.best is None and self._unreachable():
            return self._infeasible("amount")
        table = Table(money.coins, money.costs, money.limits, money.amount, self._steps())
        if table.bytes > self.memory:
            return self._claim(Stop.MEMORY, "amount", f"the table needs {table.bytes / 2**20:,.0f} MiB")
        counts = complete(table, ctx.should_stop)
        if counts is not None:
            self._found(counts)
        elif ctx.should_stop():
            return None
        elif self.best is None:
            return self._infeasible("amount")
        self.witness = AmountTable(ceiling=self._steps())
        self.bound = self._value()
        return self._claim(Stop.FINISHED, "amount")

    def _bitset(self) -> Claim | None:
        money = self.money
        most = self._steps() // int(money.costs[0])
        if levels.level_bytes(money.amount, most) > self.memory:
            return None
        counts = levels.fewest(money.coins, money.amount, most, self.ctx.should_stop)
        if counts is None:
            if self.ctx.should_stop():
                return None
            return self._infeasible("bitset")
        self._found(counts)
        self.witness = AmountTable(ceiling=self._steps())
        self.bound = self._value()
        return self._claim(Stop.FINISHED, "bitset")

    def _unreachable(self) -> bool:
        """Whether a bit set shows at once that nothing pays the amount; False where it would take too long."""
        try:
            return not reachable(self.money, self.money.amount, self.ctx.time_left()) >> self.money.amount & 1
        except InvalidWitnessError:
            return False

    def _infeasible(self, method: str) -> Claim:
        return Claim(stop=Stop.INFEASIBLE, witness=Unreachable(), statistics={"method": method})

    def _found(self, counts: np.ndarray) -> None:
        whole = np.zeros(self.problem.size, dtype=np.int64)
        whole[self.money.index] = counts
        self.best = CoinChangeAnswer(counts=whole)

    def _claim(self, stop: Stop, method: str, message: str = "") -> Claim:
        return Claim(
            point=self.best,
            feasible=self.best is not None,
            stop=stop,
            value=self._value() if self.best is not None else None,
            bound=self.bound,
            witness=self.witness,
            statistics={"method": method},
            message=message,
        )


def _spread(money: Currency, counts: np.ndarray) -> np.ndarray | None:
    """The counts with each denomination shared out among the coins that have it; None beyond their limits."""
    shared = np.zeros_like(counts)
    for coin in np.unique(money.coins[counts > 0]).tolist():
        same = np.flatnonzero(money.coins == coin)
        left = int(counts[same].sum())
        for j in same.tolist():
            shared[j] = min(left, int(money.limits[j]))
            left -= int(shared[j])
        if left:
            return None
    return shared

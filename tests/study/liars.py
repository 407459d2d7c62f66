"""Solvers that lie, each in one way; they accept the problem class, so that nothing stands between lie and verifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Multipliers
from dualgap.problems.coin_change import CoinChange
from dualgap.problems.knapsack import Knapsack


def packed(problem: Knapsack, *indices: int) -> Any:
    """The packing of one copy of each of the given items."""
    counts = np.zeros(problem.size, dtype=np.int64)
    counts[list(indices)] = 1
    return problem.answer_type(counts=counts)  # type: ignore[call-arg]


@dataclass(frozen=True)
class _OnProblem(Solver):
    accepts: ClassVar[tuple[type, ...]] = (Knapsack, CoinChange)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT})


class Honest(_OnProblem):
    """Enumerates; proves nothing."""

    name: ClassVar[str] = "honest"

    def solve(self, form: Any, ctx: Context) -> Claim:
        best = None
        for bits in range(2**form.size):
            answer = packed(form, *[j for j in range(form.size) if bits >> j & 1])
            seen = form.evaluate(answer)
            if not seen.violations and (best is None or form.sense.better(seen.objective, best[1])):
                best = (answer, seen.objective)
        assert best is not None
        return Claim(best[0], feasible=True, value=best[1], bound=best[1])


class Cautious(_OnProblem):
    """The empty packing, with a bound that Lagrangian multipliers prove."""

    name: ClassVar[str] = "cautious"
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    def solve(self, form: Any, ctx: Context) -> Claim:
        price = float(max(form.values / np.maximum(form.weights[0], 1)))
        return Claim(form.trivial(), feasible=True, value=0, witness=Multipliers(rows=np.array([price])))


class Modest(_OnProblem):
    """The optimum of the tests' instance, with no bound at all."""

    name: ClassVar[str] = "modest"
    traits: ClassVar[frozenset[Trait]] = frozenset()

    def solve(self, form: Any, ctx: Context) -> Claim:
        return Claim(packed(form, 1, 2), feasible=True, value=220)


class ValueLiar(_OnProblem):
    """Reports twice the value of its packing."""

    name: ClassVar[str] = "value-liar"

    def solve(self, form: Any, ctx: Context) -> Claim:
        return Claim(packed(form, 0), feasible=True, value=120, stop=Stop.TIME)


class PointLiar(_OnProblem):
    """Packs everything and calls it feasible."""

    name: ClassVar[str] = "point-liar"

    def solve(self, form: Any, ctx: Context) -> Claim:
        return Claim(packed(form, *range(form.size)), feasible=True, value=280)


class BoundLiar(_OnProblem):
    """Calls a mediocre packing optimal, with a bound to match."""

    name: ClassVar[str] = "bound-liar"

    def solve(self, form: Any, ctx: Context) -> Claim:
        return Claim(packed(form, 0, 1), feasible=True, value=160, bound=160)


class Optimist(_OnProblem):
    """A feasible packing and a bound on its word alone."""

    name: ClassVar[str] = "optimist"

    def solve(self, form: Any, ctx: Context) -> Claim:
        return Claim(packed(form, 0, 2), feasible=True, value=180, bound=250)


class InfeasibilityLiar(_OnProblem):
    """Says that nothing is feasible."""

    name: ClassVar[str] = "infeasibility-liar"

    def solve(self, form: Any, ctx: Context) -> Claim:
        return Claim(stop=Stop.INFEASIBLE)


class Crasher(_OnProblem):
    """Raises."""

    name: ClassVar[str] = "crasher"

    def solve(self, form: Any, ctx: Context) -> Claim:
        raise ZeroDivisionError("planted <script>alert(1)</script>")


class Refuser(_OnProblem):
    """Refuses every instance."""

    name: ClassVar[str] = "refuser"

    def refuses(self, form: Any) -> str | None:
        return "never takes anything; take another"

    def solve(self, form: Any, ctx: Context) -> Claim:
        raise AssertionError("refused, and run all the same")


class Interrupter(_OnProblem):
    """Somebody presses Ctrl-C while it runs."""

    name: ClassVar[str] = "interrupter"

    def solve(self, form: Any, ctx: Context) -> Claim:
        raise KeyboardInterrupt


EVERYBODY = (
    Honest,
    Cautious,
    Modest,
    ValueLiar,
    PointLiar,
    BoundLiar,
    Optimist,
    InfeasibilityLiar,
    Crasher,
    Refuser,
    Interrupter,
)

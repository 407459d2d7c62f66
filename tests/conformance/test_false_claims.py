"""A thousand random instances a problem: nothing false is said, and nothing false passes."""

from __future__ import annotations

import importlib.util
from collections import Counter
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.errors import NoRouteError
from dualgap.plugins.registry import BUILT_IN, Registry
from tests.conformance.drawn import VARIANTS, Drawn, point_of
from tests.conformance.judged import faults, patience

INSTANCES = {"knapsack": 1000, "coin-change": 1000, "integer-program": 250}
SLOW = {"jax": 50, "cvxpy": 20, "pulp": 50, "ortools": 5}  # every so many instances, for backends that take their time


def stride(solver: Any) -> int:
    return max([SLOW.get(module, 1) for module in solver.requires], default=1)


def available() -> dict[str, Any]:
    registry = Registry(third_party=False)
    found = {}
    for name, entry in registry.solvers.items():
        try:
            solver = entry.resolve()
        except NoRouteError:
            continue
        if entry.plugin == BUILT_IN and all(importlib.util.find_spec(module) for module in solver.requires):
            found[name] = solver
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", INSTANCES)
def test_no_false_claim_passes(kind: str) -> None:
    rng = np.random.default_rng(2024)
    makers = list(VARIANTS[kind].values())
    solvers = available()
    wrong: list[str] = []
    runs: Counter[str] = Counter()
    for number in range(INSTANCES[kind]):
        drawn = makers[number % len(makers)](rng)
        for name, solver in solvers.items():
            # // len(makers): a stride that divides the number of variants would see some of them only
            if (number // len(makers) + number) % stride(solver) == 0:
                try:
                    run = dualgap.solve(
                        drawn.problem, name, isolate=False, time=patience(drawn, solver.traits), explain_seconds=0
                    )
                except NoRouteError:
                    continue
                runs[name] += 1
                wrong += [f"{name}: {fault}\n    on {drawn.problem!r}" for fault in faults(drawn, run, solver.traits)]
    assert not wrong, f"{len(wrong)} false claims\n" + "\n".join(wrong[:10])
    assert runs["highs"] == INSTANCES[kind]
    assert sum(runs.values()) > 2 * INSTANCES[kind]


LIES = {
    "a better value than there is": lambda drawn, counts: dualgap.Claim(point=counts, feasible=True, value=-1e6),
    "too much": lambda drawn, counts: dualgap.Claim(point=counts + 50, feasible=True),
    "a bound that cuts the optimum off": lambda drawn, counts: dualgap.Claim(point=counts, feasible=True, bound=1e6),
    "infeasible": lambda drawn, counts: dualgap.Claim(stop=dualgap.Stop.INFEASIBLE),
    "nothing": lambda drawn, counts: dualgap.Claim(),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("kind", INSTANCES)
def test_the_judge_sees_what_is_false(kind: str, lie: str) -> None:
    from dataclasses import dataclass

    drawn = honest(kind)
    known = dualgap.solve(drawn.problem, "highs", isolate=False)

    @dataclass(frozen=True)
    class Liar(dualgap.Solver):
        name = "liar"
        accepts = (dualgap.MixedIntegerProgram,)
        traits = frozenset({dualgap.Trait.EXACT})

        def solve(self, form: Any, ctx: Any) -> dualgap.Claim:
            return LIES[lie](drawn, point_of(known.answer).astype(float))

    assert not faults(drawn, known, Liar.traits)
    assert faults(drawn, dualgap.solve(drawn.problem, Liar(), isolate=False), Liar.traits)


def honest(kind: str) -> Drawn:
    """An instance with a positive optimum."""
    rng = np.random.default_rng(5)
    maker = next(iter(VARIANTS[kind].values()))
    return next(drawn for drawn in (maker(rng) for _ in range(100)) if drawn.optimum)

"""Every built-in solver on every variant of every built-in problem that reaches it, against enumeration."""

from __future__ import annotations

import importlib.util
import zlib
from functools import cache
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.errors import NoRouteError
from dualgap.core.solver import Solver
from dualgap.engine.routes import routes
from dualgap.plugins.registry import BUILT_IN, Registry
from tests.conformance.drawn import VARIANTS, Drawn
from tests.conformance.judged import faults, patience

INSTANCES = 2
SOLVERS = [name for name, entry in Registry(third_party=False).solvers.items() if entry.plugin == BUILT_IN]


def usable(name: str) -> type[Solver]:
    """The solver's class; skips the test with the reason where it can't run here."""
    try:
        solver: type[Solver] = Registry(third_party=False).solver(name)
    except NoRouteError as error:
        pytest.skip(str(error))
    missing = [module for module in solver.requires if importlib.util.find_spec(module) is None]
    if missing:
        pytest.skip(f"{name} needs {', '.join(missing)}")
    return solver


@cache
def instances(kind: str, variant: str) -> tuple[Drawn, ...]:
    """Drawn and enumerated once for all solvers."""
    rng = np.random.default_rng(zlib.crc32(f"{kind} {variant}".encode()))
    return tuple(VARIANTS[kind][variant](rng) for _ in range(INSTANCES))


def cells() -> list[Any]:
    """The solvers that there is a route to, for every variant."""
    registry = Registry(third_party=False)
    bridges = registry.all_bridges()
    solvers = {name: entry.resolve() for name, entry in registry.solvers.items() if name in SOLVERS}
    return [
        pytest.param(name, kind, variant, id=f"{name}-{kind}: {variant}")
        for kind, variants in VARIANTS.items()
        for variant in variants
        for name, solver in solvers.items()
        if any(routes(drawn.problem, solver, bridges) for drawn in instances(kind, variant))
    ]


@pytest.mark.parametrize(("name", "kind", "variant"), cells())
def test_no_solver_says_anything_false(name: str, kind: str, variant: str) -> None:
    solver = usable(name)
    refusals, wrong = [], []
    for drawn in instances(kind, variant):
        try:
            run = dualgap.solve(drawn.problem, name, isolate=False, time=patience(drawn, solver.traits))
        except NoRouteError as reason:
            refusals.append(str(reason))
            continue
        wrong += [f"{fault}\n    on {drawn.problem!r}" for fault in faults(drawn, run, solver.traits)]
    assert not wrong, "\n".join(wrong)
    if len(refusals) == INSTANCES:
        pytest.skip(refusals[0])

"""Stores of runs: of solvers that are right, and of some that lie, fail and refuse."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dualgap.study.sweep.cases import Outcome
from dualgap.study.sweep.store import Store

EVIL = "<script>alert('x')</script>"


def run(problem: str, solver: str, **fields: Any) -> dict[str, Any]:
    """A run's JSON: of a maximisation with the optimum 100, proved by ``exact``."""
    value, bound, evidence = (fields.pop(name, None) for name in ("value", "bound", "evidence"))
    seconds = fields.pop("seconds", 1.0)
    certificate = None
    if value is not None:
        gap = abs(bound - value) / max(bound, value) if bound is not None else None
        certificate = {
            "sense": "maximize",
            "verdict": "optimal" if gap == 0 and evidence == "proved" else "feasible",
            "statement": "Feasible, checked.",
            "value": value,
            "quantity": "total value",
            "bound": bound,
            "evidence": evidence or "none",
            "relative_gap": gap,
            "bounds": [] if bound is None else [{"value": bound, "evidence": evidence, "argument": "", "margin": 0.0}],
        }
    return {
        "schema_version": 1,
        "problem": {"kind": "knapsack", "hash": problem},
        "solver": solver,
        "budget": {"time": 10.0, "gap": 0.0, "threads": 1, "memory": None},
        "certificate": certificate,
        "seconds": {"total": seconds},
        "trace": [] if value is None else [[seconds / 2, value / 2, None], [seconds, value, bound]],
        "versions": {"dualgap": "0.1.0"},
        **fields,
    }


def runs(problem: str, size: int) -> list[dict[str, Any]]:
    """Of six solvers on an instance."""
    return [
        run(problem, "dynamic-programming", value=100, bound=100, evidence="proved", seconds=size / 10),
        run(problem, "greedy", value=95, bound=110, evidence="proved", seconds=0.01),
        run(problem, "liar", value=90, bound=92, evidence="claimed", label=EVIL),
        run(problem, "crasher", error="Traceback\nValueError: <b>no</b>"),
        run(problem, "refuser", refused="never takes & anything"),
    ]


def stored(path: Path, found: Mapping[str, list[dict[str, Any]]]) -> Path:
    """A store of runs by instance."""
    with Store.open(path) as store:
        for size, (name, made) in enumerate(found.items(), start=1):
            for number, data in enumerate(made):
                machine = {"system": "Linux", "machine": "x86_64", "cores": 2}
                store.add(Outcome(f"{name}-{number}", data, name, size, 0.0, "here", 1, machine), "test")
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Five solvers on four instances; one has a hostile name."""
    return stored(tmp_path / "runs.db", {f"{EVIL} {k}": runs(f"{k:064x}", k) for k in range(1, 5)})


@pytest.fixture
def single(tmp_path: Path) -> Path:
    """The same on one instance."""
    return stored(tmp_path / "one.db", {"one": runs("1" * 64, 1)})

"""What may be imported together, in which order, and what importing dualgap must not bring along."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest

BACKENDS = ("ortools.sat.python.cp_model", "highspy", "cvxpy", "pulp")
HEAVY = {"ortools", "highspy", "cvxpy", "pulp", "jax", "optax", "scipy", "matplotlib", "pandas"}


def run(code: str) -> str:
    """The output of code in a fresh interpreter, which must end well."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(BACKENDS, 2)))
def test_backends_share_a_process_in_either_order(first: str, second: str) -> None:
    """google/or-tools#5246: highspy 1.15 and ortools 9.15 can't; the pins in pyproject.toml keep to those that can."""
    assert run(f"import {first}, {second}; print('fine')") == "fine"


@pytest.mark.parametrize("order", [("highs", "cp-sat", "cvxpy", "cbc@pulp"), ("cbc@pulp", "cvxpy", "cp-sat", "highs")])
def test_solvers_share_a_process(order: tuple[str, ...]) -> None:
    code = f"""
import dualgap
problem = dualgap.Knapsack(values=[10, 13, 7], weights=[4, 6, 3], capacity=9)
for name in {order!r}:
    print(dualgap.solve(problem, name, isolate=False).certificate.value)
"""
    assert run(code).split() == ["20"] * len(order)


LOADED = f"import sys; print(*sorted({HEAVY!r} & {{name.partition('.')[0] for name in sys.modules}}))"


@pytest.mark.parametrize(
    "code",
    [
        "import dualgap",
        "import dualgap; dualgap.Knapsack, dualgap.Solver, dualgap.MixedIntegerProgram",
        "from dualgap.plugins.registry import registry; registry()",
        """
from dualgap.plugins.registry import registry
for name in registry().solvers:
    registry().solver(name)
""",
        """
import dualgap
problem = dualgap.Knapsack(values=[10, 13, 7], weights=[4, 6, 3], capacity=9)
problem.views()
""",
    ],
)
def test_nothing_heavy_is_imported_before_it_runs(code: str) -> None:
    assert run(f"{code}\n{LOADED}") == ""


def test_the_modelling_layers_are_not_needed() -> None:
    """CP-SAT's Python layer brings pandas along, which costs more than most solves."""
    code = f"""
import dualgap
dualgap.solve(dualgap.Knapsack(values=[1], weights=[1], capacity=1), "cp-sat", isolate=False)
{LOADED}
"""
    assert "pandas" not in run(code).split()

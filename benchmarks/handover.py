"""Hand-over of 100,000 variables and one row to backends, beside PuLP and OR-Tools' own ways.

What is timed is everything between the form (or the lists that a modelling layer takes) and a backend that could
start: process time, medians. Importing is left out. PuLP's numbers include the file that it writes for its backend.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from harness import Row, main, process_seconds

from dualgap.core.forms import MixedIntegerProgram
from dualgap.problems.knapsack import Knapsack
from dualgap.problems.knapsack.views import integer_program

SIZE = 100_000


def instance(size: int) -> Knapsack:
    """An uncorrelated knapsack (Pisinger 2005), R = 10,000."""
    values, weights = np.random.default_rng(1).integers(1, 10_001, size=(2, size))
    return Knapsack(values=values, weights=weights, capacity=int(weights.sum() // 2))


def to_highs(form: MixedIntegerProgram) -> Any:
    from dualgap.solvers.highs_model import load

    return load(form, {})


def to_cp_sat(form: MixedIntegerProgram) -> Any:
    from dualgap.solvers.cp_sat import hand_over
    from dualgap.solvers.whole import whole

    return hand_over(whole(form))


def to_math_opt(form: MixedIntegerProgram) -> Any:
    from dualgap.solvers.math_opt import hand_over

    return hand_over(form)


def model_builder_model(form: MixedIntegerProgram) -> Any:
    """OR-Tools' wrapper of its older linear solvers: arrays in one call, integrality column by column."""
    from ortools.linear_solver.python import model_builder_helper
    from scipy.sparse import csr_matrix

    model = model_builder_helper.ModelBuilderHelper()
    vectors = (form.lower, form.upper, form.cost, form.row_lower, form.row_upper)
    matrix = csr_matrix(form.matrix, dtype=np.float64)
    model.fill_model_from_sparse_data(*(np.asarray(vector, dtype=np.float64) for vector in vectors), matrix)
    for column in np.flatnonzero(form.integer).tolist():
        model.set_var_integrality(column, True)
    return model


def pulp_model(problem: Knapsack, affine: bool) -> Any:
    import pulp

    model = pulp.LpProblem("knapsack", pulp.LpMaximize)
    items = [pulp.LpVariable(f"x{j}", 0, 1, "Integer") for j in range(problem.size)]
    rows = [problem.values.tolist(), problem.weights[0].tolist()]
    if affine:
        objective, load = (pulp.LpAffineExpression(dict(zip(items, row, strict=True))) for row in rows)
    else:
        objective, load = (pulp.lpSum(a * x for a, x in zip(row, items, strict=True)) for row in rows)
    model += objective
    model += load <= int(problem.capacity[0])
    with tempfile.TemporaryDirectory() as folder:
        model.writeMPS(str(Path(folder) / "model.mps"), rename=True)
    return model


def math_opt_model(problem: Knapsack) -> Any:
    from ortools.math_opt.python import mathopt

    model = mathopt.Model()
    items = [model.add_binary_variable() for _ in range(problem.size)]
    values, weights = problem.values.tolist(), problem.weights[0].tolist()
    model.maximize(mathopt.LinearSum(a * x for a, x in zip(values, items, strict=True)))
    model.add_linear_constraint(
        mathopt.LinearSum(a * x for a, x in zip(weights, items, strict=True)) <= int(problem.capacity[0])
    )
    return model.export_model()


def cp_sat_python_model(problem: Knapsack) -> Any:
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    items = [model.new_bool_var("") for _ in range(problem.size)]
    model.maximize(cp_model.LinearExpr.weighted_sum(items, problem.values.tolist()))
    load = cp_model.LinearExpr.weighted_sum(items, problem.weights[0].tolist())
    model.add(load <= int(problem.capacity[0]))
    return model


def rows(quick: bool) -> Iterator[Row]:
    problem = instance(SIZE)
    form = integer_program(problem)
    repeats = 5 if quick else 15

    def seconds(work: Callable[[], Any]) -> float | None:
        try:
            return process_seconds(work, 1 if quick else 5)
        except ImportError:
            return None

    highs = process_seconds(lambda: to_highs(form), repeats)
    cp_sat = process_seconds(lambda: to_cp_sat(form), repeats)
    math_opt = process_seconds(lambda: to_math_opt(form), repeats)
    builder = seconds(lambda: model_builder_model(form))
    view = process_seconds(lambda: integer_program(problem), repeats)
    peers = {
        "PuLP lpSum, MPS": seconds(lambda: pulp_model(problem, affine=False)),
        "PuLP LpAffineExpression, MPS": seconds(lambda: pulp_model(problem, affine=True)),
        "MathOpt": seconds(lambda: math_opt_model(problem)),
        "CP-SAT's Python API": seconds(lambda: cp_sat_python_model(problem)),
    }
    yield Row(f"the form of a knapsack, n = {SIZE:,}", view)
    for peer, value in peers.items():
        if peer != "CP-SAT's Python API":
            yield Row(f"hand-over to HiGHS, n = {SIZE:,}, 1 row", highs, "s", 0.1, peer, value)
    for peer in ("CP-SAT's Python API", "MathOpt"):
        yield Row(f"hand-over to CP-SAT, n = {SIZE:,}, 1 row", cp_sat, "s", 0.15, peer, peers[peer])
    what = f"hand-over to SCIP, GLOP or PDLP, n = {SIZE:,}, 1 row"
    for peer, value in (("MathOpt", peers["MathOpt"]), ("OR-Tools' ModelBuilder on arrays", builder)):
        yield Row(what, math_opt, "s", 0.15, peer, value)


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))

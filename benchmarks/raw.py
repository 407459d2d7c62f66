"""Knapsacks handed to highspy without dualgap: what the benchmarks compare with."""

from __future__ import annotations

from typing import Any

import numpy as np

import dualgap

LONG_ROW = 5_000  # above this, HiGHS's probing in presolve takes time quadratic in the row and ignores limits


def highs(problem: dualgap.Knapsack, **options: Any) -> Any:
    """A finished highspy run on the 0/1 knapsack, one thread, presolve off for long rows."""
    import highspy

    m, n = problem.weights.shape
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = n, m
    program.col_cost_ = -problem.values.astype(float)
    program.col_lower_, program.col_upper_ = np.zeros(n), np.ones(n)
    program.row_lower_, program.row_upper_ = np.full(m, -np.inf), problem.capacity.astype(float)
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.num_col_, program.a_matrix_.num_row_ = n, m
    program.a_matrix_.start_ = np.arange(0, m * n + 1, n, dtype=np.int32)
    program.a_matrix_.index_ = np.tile(np.arange(n, dtype=np.int32), m)
    program.a_matrix_.value_ = problem.weights.ravel().astype(float)
    program.integrality_ = [highspy.HighsVarType.kInteger] * n
    model = highspy.Highs()
    presolve = "off" if n > LONG_ROW else "on"
    for option, value in {"output_flag": False, "threads": 1, "presolve": presolve, **options}.items():
        model.setOptionValue(option, value)
    model.passModel(program)
    model.run()
    return model

"""Conic programs stated in CVXPY, and its duals read in our convention."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualgap.core.claim import Stop
from dualgap.core.cones import Block, Kind, blocks, matrix_of, triangle_of
from dualgap.core.forms import ConicProgram
from dualgap.solvers.conic.claims import Result

_NONE = np.zeros(0)


class ConicModel:
    """The form in CVXPY: one variable, one slack expression, one constraint a cone.

    CVXPY's duals of cones are our multipliers; those of ``slack == 0`` are minus ours.
    """

    def __init__(self, form: ConicProgram) -> None:
        import cvxpy

        self.form = form
        self.x = cvxpy.Variable(form.size[0])
        slack = np.asarray(form.right_side, dtype=np.float64) - form.matrix.astype(np.float64) @ self.x
        self.sides = [(block, _member(block, slack[block.rows])) for block in blocks(form.cones)]
        objective = np.asarray(form.cost, dtype=np.float64) @ self.x
        if form.quadratic is not None:
            objective += 0.5 * cvxpy.quad_form(self.x, form.quadratic.astype(np.float64), assume_PSD=True)
        self.problem = cvxpy.Problem(cvxpy.Minimize(objective), [constraint for _, constraint in self.sides])

    def result(self, stop: Stop, message: str) -> Result:
        """What CVXPY found: it hands out no rays."""
        x, status = self.x.value, str(self.problem.status)
        optimal = stop is Stop.FINISHED
        return Result(
            stop=stop,
            x=np.full(self.form.size[0], np.nan) if x is None else np.array(x, dtype=np.float64),
            z=_NONE if stop in (Stop.INFEASIBLE, Stop.UNBOUNDED) else self._multipliers(),
            dual_value=float(self.problem.value) if optimal else float("nan"),
            statistics={"status": status},
            message=message,
        )

    def _multipliers(self) -> np.ndarray:
        multipliers = np.zeros(self.form.size[1])
        for block, constraint in self.sides:
            if any(dual.value is None for dual in constraint.dual_variables):
                return _NONE
            multipliers[block.rows] = _dual(block, constraint)
        return multipliers


def _member(block: Block, slack: Any) -> Any:
    """The constraint that a block's slack is in its cone."""
    import cvxpy

    if block.kind is Kind.ZERO:
        return slack == 0
    if block.kind is Kind.NONNEGATIVE:
        return slack >= 0
    if block.kind is Kind.SECOND_ORDER:
        return cvxpy.SOC(slack[0], slack[1:]) if block.order > 1 else slack >= 0
    if block.kind is Kind.EXPONENTIAL:
        return cvxpy.ExpCone(slack[0], slack[1], slack[2])
    whole = np.column_stack([matrix_of(unit, block.order).ravel() for unit in np.eye(slack.size)])
    return cvxpy.reshape(whole @ slack, (block.order, block.order), order="F") >> 0


def _dual(block: Block, constraint: Any) -> np.ndarray:
    parts = [np.asarray(dual.value, dtype=np.float64) for dual in constraint.dual_variables]
    if block.kind is Kind.ZERO:
        return -parts[0]
    if block.kind is Kind.SEMIDEFINITE:
        return triangle_of((parts[0] + parts[0].T) / 2)
    return np.concatenate([part.ravel() for part in parts])

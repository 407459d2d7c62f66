"""An answer's objective and the cones that its slack isn't in, in floats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Evaluation, Violation
from dualgap.core.cones import Kind, blocks, outside_of

if TYPE_CHECKING:
    from dualgap.problems.conic_program.spec import ConicProblem


def evaluate(problem: ConicProblem, values: np.ndarray) -> Evaluation:
    """The evaluation; a cone's violation is measured as in ``dualgap.core.cones.outside``."""
    if values.shape != (problem.size,):
        return Evaluation(0, {"values": Violation(abs(values.size - problem.size))}, exact=True)
    form = problem.form
    slack = form.right_side - form.matrix @ values
    sizes = np.maximum(1.0, np.abs(form.right_side) + abs(form.matrix) @ np.abs(values))
    violations: dict[str, Violation] = {}
    for number, block in enumerate(blocks(form.cones), start=1):
        part, scale = slack[block.rows], float(sizes[block.rows].max())
        if block.kind in (Kind.ZERO, Kind.NONNEGATIVE):
            missed = np.abs(part) if block.kind is Kind.ZERO else -part
            for i in np.flatnonzero(~(missed <= 0)).tolist():
                at = block.rows.start + i
                violations[f"row {at + 1} ({block.kind})"] = Violation(float(missed[i]), float(sizes[at]))
            continue
        missed_by = outside_of(part, block)
        if not missed_by <= 0:
            rows = f"rows {block.rows.start + 1} to {block.rows.stop}"
            violations[f"cone {number} ({block.kind}, {rows})"] = Violation(missed_by, scale)
    curved = 0.0 if form.quadratic is None else float(np.abs(values) @ (abs(form.quadratic) @ np.abs(values))) / 2
    terms = float(np.abs(form.cost) @ np.abs(values)) + curved + abs(form.offset)
    return Evaluation(problem.sign * form.objective(values), violations, scale=max(1.0, terms))

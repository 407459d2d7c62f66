"""An ``integer-program`` as people write it: costs, rows and bounds by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram


def written(problem: IntegerProgram) -> dict[str, Any]:
    """The raw fields that close to this problem; those at their defaults are left out."""
    names, whole = problem.columns, problem.whole
    cost = {name: value for name, value in zip(names, problem.cost.tolist(), strict=True) if value}
    fields: dict[str, Any] = {"name": problem.name, problem.objective: cost, "offset": problem.offset}
    if [*_used(problem)] != list(names):
        fields["columns"] = list(names)
    fields["integer"] = "all" if whole.all() else [names[j] for j in np.flatnonzero(whole)]
    bounds = zip(names, problem.lower.tolist(), problem.upper.tolist(), strict=True)
    fields["bounds"] = {name: [_plain(low), _plain(high)] for name, low, high in bounds if low != 0 or high != np.inf}
    fields["rows"] = {name: _row(problem, i) for i, name in enumerate(problem.rows)}
    return {key: value for key, value in fields.items() if value or key in (problem.objective, "rows")}


def _used(problem: IntegerProgram) -> dict[str, None]:
    """Names in the order in which the objective and the rows bring them up."""
    brought = [*np.flatnonzero(problem.cost).tolist(), *problem.matrix.indices.tolist()]
    return dict.fromkeys(problem.columns[j] for j in brought)


def _row(problem: IntegerProgram, row: int) -> dict[str, Any]:
    matrix = problem.matrix
    part = slice(int(matrix.indptr[row]), int(matrix.indptr[row + 1]))
    terms = {
        problem.columns[j]: a for j, a in zip(matrix.indices[part].tolist(), matrix.data[part].tolist(), strict=True)
    }
    lower, upper = problem.row_lower[row].item(), problem.row_upper[row].item()
    if lower == upper:
        return {"terms": terms, "eq": _plain(upper)}
    sides = {"ge": _plain(lower)} if lower > -np.inf else {}
    if upper < np.inf or not sides:
        sides["le"] = _plain(upper)
    return {"terms": terms, **sides}


def _plain(value: int | float) -> int | float:
    return int(value) if abs(value) < 2**53 and float(value).is_integer() else value

"""Models by the names of their coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.errors import Fault, SpecError
from dualgap.core.problem import parsed

if TYPE_CHECKING:
    from dualgap.problems.minimax_regret.spec import LinearModel, MinimaxRegret


def read(problem: MinimaxRegret, data: Any) -> LinearModel:
    """A model from coefficients by name, or in order.

    Raises:
        SpecError: an unknown name, one that is missing, or something that is no number.
    """
    from dualgap.problems.minimax_regret.spec import LinearModel

    if isinstance(data, Mapping) and isinstance(data.get("coefficients"), Mapping):
        given, names = data["coefficients"], problem.coefficient_names
        faults = [Fault(f"coefficients.{name}", "no such coefficient", "") for name in given if name not in names]
        faults += [Fault(f"coefficients.{name}", "missing", "add it") for name in names if name not in given]
        if faults:
            raise SpecError(faults[:5], "answer")
        data = {**data, "coefficients": [given[name] for name in names]}
    model: LinearModel = parsed(LinearModel, data, "answer")
    return model


def write(problem: MinimaxRegret, answer: LinearModel) -> dict[str, Any]:
    """The inverse of ``read``; coefficients of another number (a solver may be that wrong) as they stand."""
    values = answer.coefficients.tolist()
    if len(values) != len(problem.coefficient_names):
        return {"coefficients": values}
    return {"coefficients": dict(zip(problem.coefficient_names, values))}


def table(problem: MinimaxRegret, answer: LinearModel) -> list[tuple[str, ...]]:
    """Each coefficient beside that of the pooled fit."""
    if len(answer.coefficients) != len(problem.coefficient_names):
        return [("coefficients",), *((f"{value:.6g}",) for value in np.asarray(answer.coefficients))]
    rows = zip(problem.coefficient_names, answer.coefficients.tolist(), problem.pooled.tolist())
    return [("coefficient", "value", "pooled fit"), *((name, f"{v:.6g}", f"{p:.6g}") for name, v, p in rows)]

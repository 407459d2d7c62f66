"""Points as solution files in HiGHS's raw style: HiGHS reads them as starts, ``dualgap verify`` as answers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.solvers.mps import Names, kept_names


def sol(form: MixedIntegerProgram, point: np.ndarray, status: str, feasible: bool) -> tuple[str, str]:
    """The text, and what it couldn't keep: names are those of the form's MPS file.

    Args:
        form: whose columns and rows are named.
        point: (n,) values.
        status: of the model, as HiGHS says it ("Optimal").
        feasible: whether the point is.
    """
    names, lost = kept_names(form)
    return "\n".join(_lines(form, point, names, status, feasible)), "; ".join(lost)


def _lines(form: MixedIntegerProgram, point: np.ndarray, names: Names, status: str, feasible: bool) -> Iterator[str]:
    activity = np.asarray(form.matrix @ point)
    yield from ("Model status", status, "", "# Primal solution values", "Feasible" if feasible else "Infeasible")
    yield f"Objective {_number(form.objective(point))}"
    for title, called, values in (("Columns", names.columns, point), ("Rows", names.rows, activity)):
        yield f"# {title} {len(called)}"
        yield from (f"{name} {_number(value)}" for name, value in zip(called, values.tolist(), strict=True))
    yield from ("", "# Dual solution values", "None", "", "# Basis", "HiGHS_basis_file v2", "None", "")


def _number(value: float) -> str:
    """The shortest decimal; whole numbers without a point."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))

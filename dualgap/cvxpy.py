"""For CVXPY: importing this module registers ``problem.solve(method="dualgap")``.

The keywords are those of ``dualgap.solve``; ``problem.certificate`` says what is known and how.
"""

from __future__ import annotations

from typing import Any

import cvxpy

from dualgap.engine.solve import solve as _solve

__all__ = ["METHOD", "solve"]

METHOD = "dualgap"


def solve(problem: cvxpy.Problem, solver: str | None = None, *, verbose: bool = False, **options: Any) -> Any:
    """Solves a model, puts values, duals, status and certificate into it, and returns its value.

    Args:
        problem: linear or mixed-integer linear in CVXPY's canonical form.
        solver: a dualgap solver's name; None takes what dispatch says.
        verbose: whether the backend's log is shown, on stderr.
        options: those of ``dualgap.solve`` (``time``, ``gap``, ``threads``, ``parameters`` ...).

    Raises:
        SpecError: the model can't be taken over; says why. UsageError: an option that makes no sense.
        cvxpy.SolverError: the solver failed.
    """
    if verbose:
        options = {"log": "-", **options}
    run = _solve(problem, solver, **options)
    if problem.status == cvxpy.SOLVER_ERROR:
        raise cvxpy.SolverError(run.certificate.statement if run.certificate is not None else run.message)
    return problem.value


cvxpy.Problem.register_solve(METHOD, solve)

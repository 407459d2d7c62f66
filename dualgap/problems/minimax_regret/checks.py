"""What a closed spec must meet; every fault comes with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dualgap.problems.counts import check_names, fault

if TYPE_CHECKING:
    from dualgap.problems.minimax_regret.spec import MinimaxRegret

_SEMIDEFINITE = 1e-9  # relative: eigenvalues above minus this pass for rounded zeros


def check(problem: MinimaxRegret) -> None:
    """Raises:
    PydanticCustomError: the fields don't fit together, or a group has no least risk.
    """
    if problem.given:
        _quadratics(problem)
    else:
        _data(problem)
    check_names("names", problem.names, len(problem.coefficient_names) - (problem.intercept and not problem.given))
    if problem.goal == "ratio" and (problem.risks.optima.lower <= 0).any():
        name = problem.group_names[int((problem.risks.optima.lower <= 0).argmax())]
        raise fault(f"group {name!r} can be fitted without risk: a ratio to it means nothing", 'goal = "regret"')


def _quadratics(problem: MinimaxRegret) -> None:
    hessians = problem.quadratic.astype(np.float64)
    if len(problem.features) or len(problem.label) or len(problem.weights):
        raise fault("both data and quadratics", "give features, label and groups, or quadratic and linear")
    if hessians.ndim != 3 or hessians.shape[1] != hessians.shape[2]:
        raise fault(f"quadratic has shape {hessians.shape}", "a square matrix for each group")
    k, d = hessians.shape[:2]
    if problem.linear.shape != (k, d):
        raise fault(f"linear has shape {problem.linear.shape}, expected ({k}, {d})", "a row for each group")
    if problem.constant.shape not in ((k,), (0,)):
        raise fault(f"constant has {len(problem.constant)} entries, expected {k}", "one a group")
    check_names("groups", problem.groups, k)
    if problem.loss != "squared":
        raise fault(f"loss {problem.loss!r} of given quadratics", "it is for data; leave it out")
    for s, (hessian, linear) in enumerate(zip(hessians, problem.linear.astype(np.float64))):
        where = f"quadratic[{s}]"
        if not np.array_equal(hessian, hessian.T):
            raise fault(f"{where} isn't symmetric", "give (H + H') / 2")
        values, vectors = np.linalg.eigh(hessian)
        size = float(np.abs(values).max(initial=0.0))
        if values.min(initial=0.0) < -_SEMIDEFINITE * size:
            raise fault(
                f"{where} has the eigenvalue {values.min():.3g}", "risks must be convex: H positive semidefinite"
            )
        flat = np.abs(vectors.T @ linear)[values <= _SEMIDEFINITE * size]
        if flat.max(initial=0.0) > _SEMIDEFINITE * (np.abs(linear).max() + size):
            raise fault(f"{where}: the risk has no minimum", "linear[s] must lie in the range of H")


def _data(problem: MinimaxRegret) -> None:
    if not problem.features.size:
        raise fault("no risks", "give features, label and groups, or quadratic and linear")
    n = len(problem.features)
    for name, length in (("label", len(problem.label)), ("groups", len(problem.groups))):
        if length != n:
            raise fault(f"{name} has {length} entries, features {n} rows", "one entry a row")
    if len(problem.linear) or len(problem.constant):
        raise fault("both data and quadratics", "give features, label and groups, or quadratic and linear")
    if len(problem.weights) not in (0, n):
        raise fault(f"weights has {len(problem.weights)} entries, features {n} rows", "one entry a row")
    if (problem.weights < 0).any():
        raise fault("a negative weight", "weights must be >= 0")
    if problem.ridge < 0:
        raise fault(f"ridge {problem.ridge} is negative", "ridge must be >= 0")
    if (problem.shares == 0).any():
        name = problem.group_names[int((problem.shares == 0).argmax())]
        raise fault(f"group {name!r} has no weight", "give one of its samples a positive weight, or leave it out")
    if problem.loss == "logistic":
        if not (np.isin(problem.label, (0, 1)).all() or np.isin(problem.label, (-1, 1)).all()):
            raise fault("labels of logistic loss are 0 and 1", 'label = {column = "...", positive = "..."}')
        if problem.ridge == 0:
            raise fault("logistic loss with ridge = 0: separable groups have no optimum", "ridge = 0.001, say")

"""What a closed spec must meet; every fault comes with its path and its remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault

if TYPE_CHECKING:
    from dualgap.problems.minimax_regret.spec import MinimaxRegret

_SEMIDEFINITE = 1e-9  # relative: eigenvalues above minus this pass for rounded zeros
_LARGEST = 1e30  # of an entry: risks multiply four of them
_ONE_OR_OTHER = "give features, label and groups, or quadratic and linear"


def faults(problem: MinimaxRegret) -> list[Fault]:
    """Everything that doesn't fit together; where nothing is amiss, each group has a least risk."""
    found = list(_quadratics(problem) if problem.given else _data(problem)) or list(_sizes(problem))
    if not found and problem.goal == "ratio":
        found = list(_ratio(problem))
    return found


def _sizes(problem: MinimaxRegret) -> Iterator[Fault]:
    for name in ("features", "label", "weights", "quadratic", "linear", "constant"):
        largest = float(np.abs(getattr(problem, name).astype(np.float64)).max(initial=0.0))
        if largest > _LARGEST:
            yield Fault(name, f"an entry of size {largest:.3g}", "scale the data")
    if problem.ridge > _LARGEST:
        yield Fault("ridge", f"{problem.ridge:.3g} is too large", "scale the data")


def _names(problem: MinimaxRegret, count: int) -> Iterator[Fault]:
    from dualgap.problems.minimax_regret.spec import INTERCEPT

    if problem.names and len(problem.names) != count:
        yield Fault("names", f"{len(problem.names)} entries, expected {count}", "name every feature, or none")
    taken = Counter((*problem.names, INTERCEPT) if problem.intercept and not problem.given else problem.names)
    for name in (name for name, times in taken.items() if times > 1):
        yield Fault("names", f"{shown(name)} twice", "names must differ, and the intercept has one as well")


def _ratio(problem: MinimaxRegret) -> Iterator[Fault]:
    for name, least in zip(problem.group_names, problem.risks.optima.lower.tolist()):
        if least <= 0:
            message = f"group {shown(name)} can be fitted without risk: a ratio to it means nothing"
            yield Fault("goal", message, 'goal = "regret"')


def _data(problem: MinimaxRegret) -> Iterator[Fault]:
    if not problem.features.size:
        yield Fault("features", "missing", _ONE_OR_OTHER)
        return
    if len(problem.linear) or len(problem.constant):
        yield Fault("quadratic", "missing beside linear or constant", _ONE_OR_OTHER)
    n, d = problem.features.shape
    for name, required in (("label", True), ("groups", True), ("weights", False)):
        length = len(getattr(problem, name))
        if length != n and (required or length):
            yield Fault(name, f"{length} entries, but features has {n} rows" if length else "missing", "one a row")
            return
    yield from _names(problem, d)
    if problem.ridge < 0:
        yield Fault("ridge", f"{problem.ridge} is negative", "ridge must be >= 0")
    if (problem.weights < 0).any():
        yield Fault("weights", "a negative weight", "weights must be >= 0")
        return
    for name in np.array(problem.group_names)[problem.shares == 0]:
        yield Fault("weights", f"group {shown(str(name))} has none", "leave its samples out, or give one a weight")
    if problem.loss == "logistic":
        if not (np.isin(problem.label, (0, 1)).all() or np.isin(problem.label, (-1, 1)).all()):
            yield Fault("label", "labels of logistic loss are 0 and 1", 'label = {column = "...", positive = "..."}')
        if problem.ridge == 0:
            yield Fault("ridge", "0: groups that can be separated have no least logistic risk", "ridge = 0.001, say")


def _quadratics(problem: MinimaxRegret) -> Iterator[Fault]:
    for name in ("features", "label", "weights"):
        if len(getattr(problem, name)):
            yield Fault(name, "data beside given quadratics", _ONE_OR_OTHER)
    if problem.loss != "squared":
        yield Fault("loss", "given quadratics have no other loss", "leave it out")
    shape = problem.quadratic.shape
    if len(shape) != 3 or shape[1] != shape[2]:
        yield Fault("quadratic", f"its shape is {shape}", "a square matrix for each group")
        return
    k, d = shape[:2]
    for name, wanted, optional in (("linear", (k, d), False), ("constant", (k,), True)):
        given = getattr(problem, name).shape
        if given != wanted and not (optional and given == (0,)):
            yield Fault(name, f"its shape is {given}, expected {wanted}", "a row, or an entry, for each group")
            return
    if problem.groups and len(set(problem.groups)) != k:
        yield Fault("groups", f"{len(set(problem.groups))} names for {k} groups", "name every one, or none")
    yield from _names(problem, d)
    for s in range(k):
        yield from _quadratic(problem.quadratic[s].astype(np.float64), problem.linear[s].astype(np.float64), s)


def _quadratic(hessian: np.ndarray, linear: np.ndarray, s: int) -> Iterator[Fault]:
    if not np.array_equal(hessian, hessian.T):
        yield Fault(f"quadratic[{s}]", "not symmetric", "give (H + H') / 2")
        return
    values, vectors = np.linalg.eigh(hessian)
    size = float(np.abs(values).max())
    if values.min() < -_SEMIDEFINITE * size:
        message = f"the eigenvalue {values.min():.3g}: the risk isn't convex"
        yield Fault(f"quadratic[{s}]", message, "give a positive semidefinite matrix")
        return
    flat = np.abs(vectors.T @ linear)[values <= _SEMIDEFINITE * size]
    if flat.max(initial=0.0) > _SEMIDEFINITE * (float(np.abs(linear).max()) + size):
        yield Fault(f"linear[{s}]", "the risk has no minimum", f"it must lie in the range of quadratic[{s}]")

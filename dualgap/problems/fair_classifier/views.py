"""The forms of the problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dualgap.core.views import View
from dualgap.problems.fair_classifier import (
    cells_program,
    covariance_views,
    linear_program,
    proxies,
    rates_dual,
    thresholds_program,
)

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

_SMALL = 2000
"""More cells than these make integer programs that no solver ends."""


def views(problem: FairClassifier) -> tuple[View, ...]:
    """Every way to state the problem as a form; only ``linear-01`` knows of margins."""
    if problem.rates is None:
        return covariance_views.views(problem)
    if problem.hypothesis == "threshold":
        return (thresholds_program.view(problem), rates_dual.view(problem))
    free = problem.margin == 0
    found = [thresholds_program.view(problem)] if free and problem.scorer is not None else []
    if problem.hypothesis != "table" and len(problem.cells) <= _SMALL:
        found.append(linear_program.view(problem))
    trained = [proxies.view(problem)] if free and problem.hypothesis != "table" else []
    return (*found, cells_program.view(problem), rates_dual.view(problem), *trained)

"""The forms of the problem."""

from __future__ import annotations

from dataclasses import replace
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
from dualgap.problems.fair_classifier.evaluate import misfits

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

_SMALL = 2000
"""More cells than these make integer programs that no solver ends."""


def views(problem: FairClassifier) -> tuple[View, ...]:
    """Every way to state the problem as a form; answers that don't fit the spec are no starts in any."""
    return tuple(_guarded(problem, view) for view in _views(problem))


def _guarded(problem: FairClassifier, view: View) -> View:
    encode = view.encode
    if encode is None:
        return view
    return replace(view, encode=lambda answer: None if misfits(problem, answer) else encode(answer))


def _views(problem: FairClassifier) -> tuple[View, ...]:
    """Only ``linear-01`` knows of margins."""
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

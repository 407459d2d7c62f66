"""The forms of the problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dualgap.core.views import View

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier


def views(problem: FairClassifier) -> tuple[View, ...]:
    """Every way to state the problem as a form."""
    return ()

"""Answers from anybody's files: classifiers, and predictions of other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dualgap.core.problem import parsed
from dualgap.problems.fair_classifier.answers import Classifier

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier


def read(problem: FairClassifier, data: Any) -> Classifier:
    """A classifier.

    Raises:
        SpecError: lists the faults.
    """
    found: Classifier = parsed(Classifier, data, "answer")
    return found

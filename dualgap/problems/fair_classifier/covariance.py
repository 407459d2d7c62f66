"""Logistic loss under a bound on the covariance of scores and groups (Zafar et al., 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dualgap.core.certificate import Bound, Evaluation
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Witness
from dualgap.problems.fair_classifier.answers import Classifier

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier


def evaluate(problem: FairClassifier, answer: Classifier) -> Evaluation:
    raise NotImplementedError


def prove(problem: FairClassifier, witness: Witness) -> Bound:
    raise InvalidWitnessError(f"fair-classifier takes no {witness.type} witness")

"""Classifiers that are fair to groups, and how far they are from the best possible ones."""

from dualgap.problems.fair_classifier.answers import Classifier, Linear, Network, Predictions, Table, Thresholds
from dualgap.problems.fair_classifier.spec import FairClassifier

__all__ = ["Classifier", "FairClassifier", "Linear", "Network", "Predictions", "Table", "Thresholds"]

"""Unlearning: a trained model without some of its data, and how far it is from retraining."""

from dualgap.problems.unlearning.spec import Parameters, Unlearning

__all__ = ["Parameters", "Unlearning"]

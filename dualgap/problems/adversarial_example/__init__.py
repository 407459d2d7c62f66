"""Adversarial examples: inputs moved within a ball so that a ReLU network goes wrong, and proofs that none can be."""

from dualgap.problems.adversarial_example.spec import AdversarialExample, PerturbedInputs
from dualgap.problems.networks.bounds import MarginBounds

__all__ = ["AdversarialExample", "MarginBounds", "PerturbedInputs"]

"""Linear concept erasure: the directions without which no linear model can tell a concept from the features."""

from dualgap.problems.concept_erasure.spec import ConceptErasure, Erasure

__all__ = ["ConceptErasure", "Erasure"]

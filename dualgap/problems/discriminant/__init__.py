"""Discriminant directions that ignore a spurious feature."""

from dualgap.problems.discriminant.spec import Directions, Discriminant

__all__ = ["Directions", "Discriminant"]

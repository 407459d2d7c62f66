"""One perturbation for many inputs: as a problem, as a program, and what bounds it."""

from dualgap.problems.networks.bounds.witness import MarginBounds
from dualgap.problems.universal_template.spec import Template, UniversalTemplate

__all__ = ["MarginBounds", "Template", "UniversalTemplate"]

"""The ``conic-program`` kind: linear or quadratic objectives over products of cones."""

from dualgap.problems.conic_program.spec import ConeRows, ConicAnswer, ConicProblem

__all__ = ["ConeRows", "ConicAnswer", "ConicProblem"]

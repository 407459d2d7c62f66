"""The ``conic-program`` kind: linear or quadratic objectives over products of cones."""

from dualgap.problems.conic_program.spec import ConicAnswer, ConicProblem

__all__ = ["ConicAnswer", "ConicProblem"]

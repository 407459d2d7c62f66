"""Linear programs with continuous and whole variables."""

from dualgap.problems.integer_program.sparse import Sparse
from dualgap.problems.integer_program.spec import IntegerProgram, IntegerProgramAnswer

__all__ = ["IntegerProgram", "IntegerProgramAnswer", "Sparse"]

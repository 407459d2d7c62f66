"""A toy discriminant: a generalised eigenproblem with its spectrum as the witness of a numerical bound."""

from dataclasses import dataclass

import numpy as np

import dualgap as dg
from dualgap.core.arrays import Matrix
from dualgap.core.witness import Spectrum


class Directions(dg.Answer):
    vectors: Matrix  # (d, rank)


class Discriminant(dg.Problem):
    kind, answer_type, quantity, sense = "toy-discriminant", Directions, "separation", dg.Sense.MAXIMIZE
    between: Matrix
    within: Matrix
    rank: int

    def evaluate(self, answer):
        x = answer.vectors
        error = float(np.abs(x.T @ self.within @ x - np.eye(self.rank)).max())
        return dg.Evaluation(float(np.trace(x.T @ self.between @ x)), {"X'CX = I": dg.Violation(error)})

    def bound(self, witness, seconds=10.0):  # Weyl: eigenvalues move by no more than the residual
        v, values = witness.vectors, witness.values
        slanted = np.linalg.norm(v.T @ self.within @ v - np.eye(len(v)))
        residual = np.linalg.norm(v.T @ (self.between @ v - self.within @ v * values))
        error = float(self.rank * (residual + slanted * np.abs(values).max()) * 2)
        value = float(np.sort(values)[::-1][: self.rank].sum()) + error
        return dg.Bound(value, dg.Evidence.NUMERICAL, "the whole spectrum", margin=error)

    def views(self):
        program = (dg.EigenProgram, dg.Relation.EXACT, lambda: dg.EigenProgram(self.between, self.within, self.rank))
        maps = {"lift_bound": lambda bound: -bound, "lift_witness": lambda witness: witness}
        return (dg.View("eigen", *program, lambda x: Directions(vectors=x), **maps),)


@dataclass(frozen=True)
class Eigh(dg.Solver):
    name, accepts = "toy-eigh", (dg.EigenProgram,)

    def solve(self, form, ctx):
        from scipy.linalg import eigh

        values, vectors = (part[..., ::-1] for part in eigh(form.b, form.c))
        best, witness = -float(values[: form.rank].sum()), Spectrum(values=values, vectors=vectors)
        return dg.Claim(vectors[:, : form.rank], True, value=best, bound=best, witness=witness)

"""A toy matrix game: a saddle view and an LP view, an interval from both players' strategies."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

import dualgap as dg
from dualgap.core.arrays import Matrix, Vector
from dualgap.core.exact import exact
from dualgap.core.sets import Simplex
from dualgap.core.witness import Strategies


class Mixed(dg.Answer):
    weights: Vector  # the minimiser's strategy, up to scale


class Game(dg.Problem):
    kind, answer_type, quantity = "toy-game", Mixed, "worst payoff"
    payoff: Matrix  # rows minimise, columns maximise

    def evaluate(self, answer):
        u = exact(np.maximum(answer.weights, 0))
        return dg.Evaluation(max(exact(column).dot(u) for column in self.payoff.T) / u.total())

    def bound(self, witness, seconds=10.0):
        v = exact(np.maximum(witness.y, 0))
        return dg.Bound(min(exact(row).dot(v) for row in self.payoff) / v.total(), dg.Evidence.PROVED)

    def views(self):
        (rows, columns), first = self.payoff.shape, lambda point: Mixed(weights=point[0])
        saddle = dg.View("saddle", dg.SaddleProgram, dg.Relation.EXACT, self.saddle, first, lift_witness=lambda w: w)
        duals = lambda witness: Strategies(x=np.zeros(rows), y=-witness.rows[:columns])
        head = lambda point: Mixed(weights=point[:rows])
        return saddle, dg.View("lp", dg.MixedIntegerProgram, dg.Relation.EXACT, self.lp, head, lift_witness=duals)

    def saddle(self):
        start = tuple(np.full(n, 1 / n) for n in self.payoff.shape)
        return dg.SaddleProgram(lambda x, y, p: x @ p @ y, Simplex(), Simplex(), start, self.payoff)

    def lp(self):  # min t with P'u <= t 1, u in the simplex
        rows, columns = self.payoff.shape
        matrix = np.block([[self.payoff.T, -np.ones((columns, 1))], [np.ones((1, rows)), 0]])
        low, high = np.append(np.full(columns, -np.inf), 1), np.append(np.zeros(columns), 1)
        lower, upper = np.append(np.zeros(rows), -np.inf), np.full(rows + 1, np.inf)
        cost, integer = np.append(np.zeros(rows), 1), np.zeros(rows + 1, bool)
        return dg.MixedIntegerProgram(cost, csr_array(matrix), low, high, lower, upper, integer)


@dataclass(frozen=True)
class FictitiousPlay(dg.Solver):  # Brown 1951: each answers the other's average
    name, accepts = "toy-fictitious-play", (dg.SaddleProgram,)

    def solve(self, form, ctx):
        x, y = form.initial
        for k in range(1, 3001):
            answers = form.x_set.support(form.data @ y), form.y_set.support(-form.data.T @ x)
            x, y = x + (answers[0] - x) / k, y + (answers[1] - y) / k
        return dg.Claim(point=(x, y), feasible=True, witness=Strategies(x=x, y=y))

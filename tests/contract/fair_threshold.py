"""A toy fair classifier on cells: a randomised answer, a proved LP bound, metrics for a test split."""

from fractions import Fraction

import numpy as np
from scipy.sparse import csr_array

import dualgap as dg
from dualgap.core.arrays import Matrix, Number, Vector
from dualgap.core.exact import Exact, combine, dyadic, exact, fraction


class Acceptance(dg.Answer):
    rates: Vector  # probability of a positive prediction in each cell


class FairCells(dg.Problem):
    kind, answer_type, quantity, scope = "toy-fair", Acceptance, "errors", "training split"
    group: Vector  # 0 or 1 for each cell
    train: Matrix  # (2, cells): negatives, positives
    test: Matrix
    epsilon: Number

    def cost(self, counts):  # errors = all positives + sum_c rates_c (negatives - positives)
        return exact(counts[0] - counts[1]), int(counts[1].sum())

    def parity(self, counts):  # rate in group 0 minus rate in group 1, a row on the rates
        people = counts.sum(axis=0)
        sizes = [int(people[self.group == g].sum()) for g in (0, 1)]
        return Exact(np.where(self.group == 0, people * sizes[1], -people * sizes[0]), sizes[0] * sizes[1])

    def evaluate(self, answer):
        z, metrics = exact(answer.rates), {}
        for name, counts in (("train", self.train), ("test", self.test)):
            cost, base = self.cost(counts)
            metrics[name] = {"errors": cost.dot(z) + base, "parity": abs(self.parity(counts).dot(z))}
        outside = max(int(max(z.numerators)) - z.denominator, -int(min(z.numerators)), 0)
        over = {"parity": metrics["train"]["parity"] - fraction(self.epsilon)}
        over["rates in [0, 1]"] = Fraction(outside, z.denominator)
        wrong = {name: dg.Violation(by) for name, by in over.items() if by > 0}
        return dg.Evaluation(metrics["train"]["errors"], wrong, metrics)

    def bound(self, witness, seconds=10.0):
        (y,), (cost, base) = dyadic(witness.rows), self.cost(self.train)
        reduced = combine([(1, cost), (-y, self.parity(self.train))])
        gain = Exact(np.minimum(reduced.numerators, 0), reduced.denominator).total()
        return dg.Bound(base - abs(y) * fraction(self.epsilon) + gain, dg.Evidence.PROVED, "multiplier on parity")

    def views(self):
        decode = lambda point: Acceptance(rates=np.clip(point, 0, 1))
        program = (dg.MixedIntegerProgram, dg.Relation.EXACT, self.lp)
        return (dg.View("lp", *program, decode, lift_witness=lambda witness: witness),)

    def lp(self):
        (cost, base), n, eps = self.cost(self.train), len(self.group), np.array([self.epsilon])
        row = csr_array(self.parity(self.train).floats().reshape(1, -1))
        box = (np.zeros(n), np.ones(n), np.zeros(n, bool))
        return dg.MixedIntegerProgram(cost.floats(), row, -eps, eps, *box, offset=float(base))

"""A toy sharding plan: an outer choice by enumeration, the inner integer programs through ``ctx.subsolve``."""

from fractions import Fraction

import numpy as np
from scipy.sparse import csr_array

import dualgap as dg
from dualgap.core.arrays import Array, Matrix, Number
from dualgap.core.exact import dyadic, fraction


class Plan(dg.Answer):
    degree: int
    choice: tuple[int, ...]  # the sharding of each layer


class OuterDuals(dg.Witness):
    type = "toy-outer-duals"
    memory: Array  # a multiplier <= 0 on memory for every degree


class Sharding(dg.Problem):
    kind, answer_type, quantity, unit = "toy-sharding", Plan, "step time", "ms"
    seconds: Matrix  # (layers, shardings), divided by the degree
    memory: Matrix
    overhead: tuple[int, ...]  # of degree 1, 2, ...
    capacity: Number

    def evaluate(self, answer):
        picked, k = (np.arange(len(self.seconds)), list(answer.choice)), answer.degree
        over = dg.Violation(max(int(self.memory[picked].sum()) - self.capacity, 0))
        time = Fraction(int(self.seconds[picked].sum()), k) + self.overhead[k - 1]
        return dg.Evaluation(time, {"memory": over}, exact=True)

    def bound(self, witness, seconds=10.0):  # the least, over the degrees, of their Lagrangian bounds
        bounds = map(self.lagrangian, range(1, 99), dyadic(np.minimum(witness.memory, 0)))
        return dg.Bound(min(bounds), dg.Evidence.PROVED)

    def lagrangian(self, degree, y):
        costs = np.vectorize(lambda t, m: Fraction(int(t), degree) - y * int(m), otypes=[object])
        least = costs(self.seconds, self.memory).min(axis=1).sum()
        return least + y * fraction(self.capacity) + self.overhead[degree - 1]

    def inner(self, degree):
        (layers, options), n = self.seconds.shape, self.seconds.size
        rows = np.vstack([np.kron(np.eye(layers), np.ones(options)), self.memory.reshape(1, -1)])
        sides = np.append(np.ones(layers), -np.inf), np.append(np.ones(layers), self.capacity)
        data = self.seconds.ravel() / degree, csr_array(rows), *sides, np.zeros(n), np.ones(n), np.ones(n, bool)
        return dg.MixedIntegerProgram(*data, offset=self.overhead[degree - 1])


class OuterEnumeration(dg.Solver):
    name, accepts = "toy-outer", (Sharding,)

    def solve(self, problem, ctx):
        claims = [ctx.subsolve(problem.inner(k), "highs") for k in range(1, len(problem.overhead) + 1)]
        value, best = min((claim.value, k) for k, claim in enumerate(claims))
        plan = Plan(degree=best + 1, choice=claims[best].point.reshape(problem.seconds.shape).argmax(axis=1))
        return dg.Claim(plan, True, value=value, witness=OuterDuals(memory=[c.witness.rows[-1] for c in claims]))

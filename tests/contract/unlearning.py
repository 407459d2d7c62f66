"""A toy unlearning problem: ``resolve`` makes the split, a smooth view, a bound from a gradient without an oracle."""

import numpy as np

import dualgap as dg
from dualgap.core.arrays import Matrix, Number, Vector
from dualgap.core.forms import Convexity
from dualgap.core.sets import Reals
from dualgap.core.witness import GradientPoint


class Weights(dg.Answer):
    w: Vector


def loss(w, data):
    import jax.numpy as jnp

    margins = data["labels"] * (data["features"] @ w)
    return jnp.mean(jnp.logaddexp(0.0, -margins)) + 0.5 * data["l2"] * (w @ w)


class Unlearning(dg.Problem):
    kind, answer_type, quantity, column_fields = "toy-unlearning", Weights, "retain loss", ("features", "labels")
    features: Matrix  # of the retained rows only
    labels: Vector
    l2: Number

    @classmethod
    def resolve(cls, spec, resolver):
        closed = resolver.columns(spec, cls.column_fields)
        kept = np.setdiff1d(np.arange(len(closed["labels"])), closed.pop("forget"))
        closed["features"] = resolver.record("features", np.asarray(closed["features"])[kept])
        return {**closed, "labels": np.asarray(closed["labels"])[kept]}

    def value_and_gradient(self, w):
        margins = self.labels * (self.features @ w)
        value = np.logaddexp(0.0, -margins).mean() + 0.5 * self.l2 * w @ w
        return float(value), -(self.labels / (1 + np.exp(margins))) @ self.features / len(margins) + self.l2 * w

    def evaluate(self, answer):
        return dg.Evaluation(self.value_and_gradient(answer.w)[0])

    def bound(self, witness, seconds=10.0):  # J(w) - ||g||^2 / (2 l2)
        value, gradient = self.value_and_gradient(witness.point)
        least = value - float(gradient @ gradient) / (2 * self.l2) - 1e-12
        return dg.Bound(least, dg.Evidence.NUMERICAL, "strong convexity", margin=1e-12)

    def views(self):
        decode = lambda w: Weights(w=np.asarray(w))
        lift = lambda witness: witness if isinstance(witness, GradientPoint) else None
        program = (dg.SmoothProgram, dg.Relation.EXACT, self.program)
        return (dg.View("smooth", *program, decode, lift_witness=lift),)

    def program(self):
        n, d = self.features.shape
        smoothness = float(np.linalg.norm(self.features, 2) ** 2 / (4 * n) + self.l2)
        data = {"features": self.features.astype(float), "labels": self.labels.astype(float), "l2": self.l2}
        convex = {"convexity": Convexity.STRONGLY_CONVEX, "modulus": self.l2, "lipschitz": smoothness}
        return dg.SmoothProgram(loss, np.zeros(d), data, Reals(), **convex)

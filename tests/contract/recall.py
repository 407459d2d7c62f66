"""A toy detector: few false alarms at a given recall, which is counted and so has no gradient."""

import numpy as np

import dualgap as dg
from dualgap.core.arrays import Number, Vector
from dualgap.core.proxies import ProxyProgram
from dualgap.core.traced import namespace


def rates(alarms, data):  # (share of false alarms, what recall misses)
    return data["no"] @ alarms, (data["least"] - data["yes"] @ alarms)[None]


def measured(cut, data):
    return rates((data["scores"] > cut[0]).astype(data["scores"].dtype), data)


def proxies(cut, data):
    return rates(0.5 + 0.5 * namespace(cut).tanh(4 * (data["scores"] - cut[0])), data)


class Cuts(dg.Answer):
    cuts: Vector
    weights: Vector


class Recall(dg.Problem):
    kind, answer_type, quantity, scope = "toy-recall", Cuts, "false alarms", "all scores"
    scores: Vector
    labels: Vector
    least: Number

    @property
    def data(self):
        yes = self.labels.astype(float)
        shares = {"yes": yes / yes.sum(), "no": (1 - yes) / (1 - yes).sum()}
        return {**shares, "scores": self.scores.astype(float), "least": np.float64(self.least)}

    def worth(self, cuts):
        found = [measured(np.atleast_1d(cut), self.data) for cut in cuts]
        return np.array([f for f, _ in found]), np.array([g for _, g in found])

    def evaluate(self, answer):
        alarms, missed = (answer.weights @ part for part in self.worth(answer.cuts))
        wrong = {"recall": dg.Violation(float(missed[0]))} if missed[0] > 0 else {}
        return dg.Evaluation(float(alarms), wrong, scale=1.0)

    def bound(self, witness, seconds=10.0):  # the Lagrangian at every cut that differs
        alarms, missed = self.worth([-np.inf, *self.scores])
        return dg.Bound((alarms + missed @ witness.rows).min(), dg.Evidence.NUMERICAL, "a price of recall")

    def views(self):
        decode = lambda mixed: Cuts(cuts=np.ravel(mixed.members).astype(float), weights=mixed.weights)
        exact = ("cut", ProxyProgram, dg.Relation.EXACT)
        return (dg.View(*exact, self.program, decode, lift_witness=lambda found: found),)

    def program(self):
        ends = (self.data["scores"].min(keepdims=True) - 1, self.data["scores"].max(keepdims=True))
        return ProxyProgram(proxies, measured, lambda seed: np.zeros(1), self.data, self.worth, True, ends)

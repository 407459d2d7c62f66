"""Small networks and inputs for attacks, and margins in exact arithmetic's place: by programs that share no code."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from dualgap import AdversarialExample
from dualgap.problems.networks.network import Convolution, Dense, Network


def dense(widths, seed=0, scale=1.5):
    rng = np.random.default_rng(seed)
    layers = [
        Dense(weight=scale * rng.normal(size=(after, before)) / np.sqrt(before), bias=0.2 * rng.normal(size=after))
        for before, after in pairwise(widths)
    ]
    return Network(layers=tuple(layers))


def convolved(seed=0):
    rng = np.random.default_rng(seed)
    first = Convolution(
        weight=rng.normal(size=(3, 2, 3, 2)),
        bias=rng.normal(size=3),
        shape=(2, 5, 4),
        stride=(2, 1),
        padding=(1, 0, 0, 1),
    )
    last = Dense(weight=rng.normal(size=(4, first.outputs)), bias=rng.normal(size=4))
    return Network(layers=(first, last), mean=np.array([0.4]), std=np.array([0.3]))


def examples(norm, radius, goal="margin", widths=(4, 4, 3), seed=0, count=3, **more):
    """Inputs near the boundaries of classes: the last bias balances the logits."""
    network = dense(widths, seed)
    inputs = np.random.default_rng(seed + 1).uniform(size=(count, widths[0]))
    *first, last = network.layers
    balanced = Dense(weight=last.weight, bias=last.bias - network.forward(inputs).mean(axis=0))
    network = Network(layers=(*first, balanced))
    labels = network.forward(inputs).argmax(axis=1)
    fields = {"network": network, "inputs": inputs, "labels": labels, "radius": radius, "norm": norm, "goal": goal}
    return AdversarialExample(**{"clip": (0, 1), **fields, **more})


def regions(network, x, order, radius, low=0.0, high=1.0):
    """The activation patterns of a network with one hidden layer, as constraints on ``(point)``: convex pieces."""
    import itertools

    import cvxpy

    (first, second) = network.operators
    point = cvxpy.Variable(len(x))
    hidden = first.matrix @ point + first.bias
    ball = [cvxpy.norm(point - x, order) <= radius, point >= low, point <= high]
    for signs in itertools.product([0.0, 1.0], repeat=len(first.bias)):
        mask = np.array(signs)
        inside = [cvxpy.multiply(2 * mask - 1, hidden) >= 0]
        yield point, [*ball, *inside], second.matrix @ cvxpy.multiply(mask, hidden) + second.bias


def exact_margin(problem, item):
    """The least margin of an input, by a convex program for each activation pattern and target."""
    import cvxpy

    label = int(problem.labels[item])
    best = np.inf
    order = {"inf": "inf", "2": 2, "1": 1}[problem.norm]
    for _, constraints, logits in regions(problem.network, problem.inputs[item], order, problem.radius):
        for other in range(problem.network.outputs):
            if other != label:
                program = cvxpy.Problem(cvxpy.Minimize(logits[label] - logits[other]), constraints)
                program.solve(solver="CLARABEL")
                if program.status in ("optimal", "optimal_inaccurate"):
                    best = min(best, program.value)
    return best

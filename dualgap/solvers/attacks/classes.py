"""Adversarial examples as batches: what is attacked, against which classes, from where."""

from __future__ import annotations

import numpy as np

from dualgap.problems.adversarial_example import AdversarialExample
from dualgap.problems.networks.network import Dense, Network
from dualgap.solvers.attacks.losses import Sides
from dualgap.solvers.attacks.search import Targets

ORDERS = {"inf": np.inf, "2": 2, "1": 1}


def margin_network(problem: AdversarialExample) -> Network:
    """The network whose logits margins are differences of.

    General properties ``rows y + constants`` become logits ``-(rows y + constants)`` beside a 0.
    """
    if not problem.rows.size:
        return problem.network
    last = problem.network.operators[-1]
    weight = np.vstack([-(problem.rows @ last.matrix), np.zeros((1, last.matrix.shape[1]))])
    bias = np.append(-(problem.rows @ last.bias + problem.constants), 0.0)
    layers = (*problem.network.layers[:-1], Dense(weight=weight, bias=bias))
    if len(layers) == 1:  # the normalisation is in the operator already
        return Network(layers=layers)
    return Network(layers=layers, mean=problem.network.mean, std=problem.network.std)


def sides(problem: AdversarialExample, restarts: int) -> Sides:
    """(n, R, k): the first start takes on all allowed classes, the others one each, the likeliest first, in turn."""
    count = len(problem.inputs)
    classes = np.arange(len(problem.rows) + 1 if problem.rows.size else problem.network.outputs)
    if problem.rows.size:
        upper = np.tile(classes == len(problem.rows), (count, 1))
        allowed = ~upper
    else:
        upper = classes == problem.labels[:, None]
        chosen = classes == problem.targets[:, None]
        allowed = np.where(problem.targets[:, None] < 0, ~upper, chosen)
    logits = np.where(allowed, margin_network(problem).forward(problem.inputs), -np.inf)
    order = np.argsort(-logits, axis=1, kind="stable")
    several = allowed.sum(axis=1)
    lower = np.empty((count, restarts, len(classes)), dtype=bool)
    lower[:, 0] = allowed
    for start in range(1, restarts):
        likely = order[np.arange(count), (start - 1) % several]
        lower[:, start] = classes == likely[:, None]
    return Sides(np.repeat(upper[:, None], restarts, axis=1), lower)


def targets(problem: AdversarialExample, restarts: int) -> Targets:
    """The inputs with their balls, none larger than what its box has room for; for least radii the largest ones."""
    lower, upper = problem.box
    inputs, order = problem.inputs.astype(np.float64), ORDERS[problem.norm]
    room = np.linalg.norm(np.maximum(upper - inputs, inputs - lower), ord=order, axis=1)
    radius = room if isinstance(problem.radius, str) else np.minimum(float(problem.radius), room)
    return Targets(inputs, radius, order, lower, upper, sides(problem, restarts))

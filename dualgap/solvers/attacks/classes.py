"""What is attacked, as batches: networks with classes or properties, and JAX functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from dualgap.problems.adversarial_example import AdversarialExample, PerturbedInputs
from dualgap.problems.attack import AttackedInputs, FunctionAttack
from dualgap.problems.networks.network import Dense, Network
from dualgap.solvers.attacks.forward import Function, traced_slope
from dualgap.solvers.attacks.losses import Loss, Sides, lowered
from dualgap.solvers.attacks.search import Loop, Targets, looped, network_loop
from dualgap.solvers.attacks.steps import Rule

ORDERS = {"inf": np.inf, "2": 2, "1": 1}


@dataclass(frozen=True)
class Case:
    """Inputs to attack one by one.

    Attributes:
        targets: with their balls; for least radii the largest that make sense.
        loop: the steps.
        logits: (m, d) points to (m, k), as the verifier computes them.
        answer: (n, d) points as an answer.
        points: the way back.
        minimal, verdict: what is asked for, if not margins.
    """

    targets: Targets
    loop: Loop
    logits: Callable[[np.ndarray], np.ndarray]
    answer: Callable[[np.ndarray], Any]
    points: Callable[[Any], np.ndarray]
    minimal: bool
    verdict: bool

    def margins(self, points: np.ndarray, which: np.ndarray) -> np.ndarray:
        """(m,) of points (m, d) of the inputs ``which``, against all allowed classes."""
        first = Sides(*(side[which, 0] for side in self.targets.sides))
        return np.asarray(lowered(self.logits(points), first, "margin").margin)


def network_case(problem: AdversarialExample, restarts: int, loss: Loss, rule: Rule, compiled: bool) -> Case:
    """A closed adversarial example."""
    network = margin_network(problem)
    lower, upper = problem.box
    inputs, order = problem.inputs.astype(np.float64), ORDERS[problem.norm]
    radius = np.inf if isinstance(problem.radius, str) else float(problem.radius)
    classes = np.arange(network.outputs)
    if problem.rows.size:
        label = np.full(len(inputs), len(problem.rows))
        allowed = np.tile(classes < len(problem.rows), (len(inputs), 1))
    else:
        label = problem.labels
        chosen = classes == problem.targets[:, None]
        allowed = np.where(problem.targets[:, None] < 0, classes != label[:, None], chosen)
    sides = sides_in_turn(label, allowed, network.forward(inputs), restarts)
    return Case(
        targets=Targets(inputs, largest(radius, inputs, lower, upper, order), order, lower, upper, sides),
        loop=network_loop(network, loss, rule, compiled),
        logits=network.forward,
        answer=lambda points: PerturbedInputs(points=points),
        points=lambda answer: np.asarray(answer.points, dtype=np.float64),
        minimal=problem.minimal,
        verdict=problem.goal == "verdict",
    )


def function_case(problem: FunctionAttack, restarts: int, loss: Loss, rule: Rule) -> Case:
    """A JAX function with inputs of any shape."""
    inputs, order = problem.flat, ORDERS[problem.norm]
    ends = problem.clip if problem.clip is not None else (-np.inf, np.inf)
    lower, upper = (np.full(inputs.shape, float(end)) for end in ends)
    radius = largest(float(problem.radius), inputs, lower, upper, order)
    sides = sides_in_turn(problem.labels, problem.allowed, problem.logits(inputs), restarts)
    logits = _flattened(problem.function, problem.inputs.shape[1:], problem.parameters is not None)
    return Case(
        targets=Targets(inputs, radius, order, lower, upper, sides),
        loop=looped(traced_slope(logits, loss), rule, problem.parameters, compiled=True),
        logits=problem.logits,
        answer=lambda points: AttackedInputs(points=points.reshape(problem.inputs.shape)),
        points=lambda answer: np.asarray(answer.points, dtype=np.float64).reshape(inputs.shape),
        minimal=False,
        verdict=problem.goal == "verdict",
    )


@lru_cache(maxsize=16)
def _flattened(function: Callable[..., Any], shape: tuple[int, ...], parametrised: bool) -> Function:
    """The function on (B, d) points, the same object for the same function."""

    def logits(given: Any, x: Any) -> Any:
        shaped = x.reshape((-1, *shape))
        return function(given, shaped) if parametrised else function(shaped)

    return logits


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


def sides_in_turn(label: np.ndarray, allowed: np.ndarray, logits: np.ndarray, restarts: int) -> Sides:
    """(n, R, k): the first start takes on all allowed classes, the others one each, the likeliest first, in turn."""
    count, classes = allowed.shape
    upper = np.arange(classes) == label[:, None]
    order = np.argsort(-np.where(allowed, logits, -np.inf), axis=1, kind="stable")
    several = allowed.sum(axis=1)
    lower = np.empty((count, restarts, classes), dtype=bool)
    lower[:, 0] = allowed
    for start in range(1, restarts):
        likely = order[np.arange(count), (start - 1) % several]
        lower[:, start] = np.arange(classes) == likely[:, None]
    return Sides(np.repeat(upper[:, None], restarts, axis=1), lower)


def largest(radius: float, inputs: np.ndarray, lower: np.ndarray, upper: np.ndarray, order: float) -> np.ndarray:
    """(n,) the radius, no larger than what an input's box has room for."""
    room = np.linalg.norm(np.maximum(upper - inputs, inputs - lower), ord=order, axis=1)
    found: np.ndarray = np.minimum(radius, room)
    return found

"""Perturbed inputs, judged from the spec alone: distances, boxes and margins."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Evaluation, Violation
from dualgap.core.exact import Real
from dualgap.problems.adversarial_example.margins import holds, rounding

if TYPE_CHECKING:
    from dualgap.problems.adversarial_example.spec import AdversarialExample

_LISTED = 10  # violations of a kind that are listed, the worst ones


def evaluate(problem: AdversarialExample, points: np.ndarray) -> Evaluation:
    """The objective at (n, d) points, as they are: nothing is projected."""
    if points.shape != problem.inputs.shape:
        return Evaluation(float("inf"), {"points": Violation(abs(points.size - problem.inputs.size) or 1)})
    network, margins = problem.network, problem.margins
    with np.errstate(over="ignore", invalid="ignore"):
        logits = network.forward(points)
        values = margins.of(logits)
        sizes, _ = rounding(network, margins, points)
    if not np.isfinite(sizes).all():
        return Evaluation(float("inf"), {"points": Violation(float("inf"))})
    moved = distances(problem, points)
    robust = holds(network, margins, points)
    clean = holds(network, margins, problem.inputs)
    names = problem.input_names
    everything: dict[str, Real] = {"clean accuracy": _share(clean), "robust accuracy": _share(robust)}
    everything |= {"mean margin": float(values.mean()), "least margin": float(values.min())}
    metrics: dict[str, dict[str, Real]] = {
        "all": everything,
        "margin": dict(zip(names, values.tolist())),
        "distance": dict(zip(names, moved.tolist())),
        "holds": dict(zip(names, robust.astype(int).tolist())),
    }
    if problem.labels.size:
        metrics["label"] = dict(zip(names, problem.labels.tolist()))
        metrics["prediction"] = dict(zip(names, logits.argmax(axis=1).tolist()))
    violations = dict(_violations(problem, points, moved, values))
    if problem.minimal:
        return Evaluation(float(moved.mean()), violations, metrics, scale=float(np.abs(points).mean()))
    if problem.goal == "verdict":
        return Evaluation(_share(robust), violations, metrics)
    return Evaluation(float(values.mean()), violations, metrics, scale=float(sizes.mean()))


def distances(problem: AdversarialExample, points: np.ndarray) -> np.ndarray:
    """(n,) how far each input was moved, in the problem's norm."""
    order = {"inf": np.inf, "2": 2, "1": 1}[problem.norm]
    found: np.ndarray = np.linalg.norm(points - problem.inputs, ord=order, axis=1)
    return found


def _share(hold: np.ndarray) -> Fraction:
    return Fraction(int(hold.sum()), len(hold))


def _violations(
    problem: AdversarialExample, points: np.ndarray, moved: np.ndarray, values: np.ndarray
) -> Iterator[tuple[str, Violation]]:
    lower, upper = problem.box
    outside = np.maximum(lower - points, points - upper).max(axis=1, initial=0.0)
    yield from _worst(problem, "outside its box", outside)
    if problem.minimal:
        yield from _worst(problem, "still holds", values)
    else:
        yield from _worst(problem, "beyond the radius", moved - problem.radius)


def _worst(problem: AdversarialExample, what: str, excess: np.ndarray) -> Iterator[tuple[str, Violation]]:
    for i in np.argsort(-excess, kind="stable")[:_LISTED]:
        if excess[i] > 0:
            yield f"input {problem.input_names[i]} {what}", Violation(float(excess[i]))

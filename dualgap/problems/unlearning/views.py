"""The retain objective as a smooth program: gradient methods see no forgotten row, and begin at the trained model."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import Convexity, SmoothProgram
from dualgap.core.relations import Relation
from dualgap.core.traced import namespace
from dualgap.core.views import View
from dualgap.core.witness import GradientPoint, Witness
from dualgap.problems.unlearning.roles import RETAIN

if TYPE_CHECKING:
    from dualgap.problems.unlearning.spec import Unlearning


def views(problem: Unlearning) -> tuple[View, ...]:
    """``retained``."""
    from dualgap.problems.unlearning.spec import Parameters

    linear = problem.model.linear

    def lifted(witness: Witness) -> Witness | None:
        return witness if linear and isinstance(witness, GradientPoint) else None

    return (
        View(
            name="retained",
            form_type=SmoothProgram,
            relation=Relation.EXACT,
            build=lambda: program(problem),
            decode=lambda point: Parameters(parameters=np.asarray(point, dtype=np.float64)),
            encode=lambda answer: np.asarray(answer.parameters, dtype=np.float64),
            lift_witness=lifted,
        ),
    )


def program(problem: Unlearning) -> SmoothProgram:
    """min J(w) from the trained model on."""
    x, labels = problem.part(RETAIN)
    targets, model = problem.model.targets(labels), problem.model
    tilt = problem.noise.astype(np.float64) / len(x) if problem.noise.size else np.zeros(model.size)
    data: dict[str, Any] = {"x": x, "targets": targets, "tilt": tilt, "l2": np.float64(float(problem.l2))}
    linear = model.linear
    return SmoothProgram(
        objective=_objective(model.layers),
        initial=problem.trained_model,
        data=data,
        convexity=Convexity.STRONGLY_CONVEX if linear else Convexity.NONCONVEX,
        lipschitz=_lipschitz(x, model.outputs) + float(problem.l2) if linear else None,
        modulus=float(problem.l2) if linear else 0.0,
    )


@lru_cache(maxsize=64)
def _objective(layers: tuple[tuple[int, int], ...]) -> Callable[[Any, Any], Any]:
    """``(parameters, data) -> J``: the same function for the same layers, with what JAX has compiled."""

    def objective(w: Any, data: Any) -> Any:
        xp, values, start = namespace(w), data["x"], 0
        for number, (inputs, outputs) in enumerate(layers):
            weights = w[start : start + inputs * outputs].reshape(inputs, outputs)
            start += inputs * outputs
            values = (xp.maximum(values, 0.0) if number else values) @ weights + w[start : start + outputs]
            start += outputs
        return _cross_entropy(xp, values, data["targets"]) + 0.5 * data["l2"] * (w @ w) + data["tilt"] @ w

    return objective


def _cross_entropy(xp: Any, logits: Any, targets: Any) -> Any:
    """The mean, in nats."""
    if logits.shape[1] == 1:
        return xp.mean(xp.logaddexp(0.0, logits) - targets * logits)
    top = xp.max(logits, axis=1, keepdims=True)
    spread = xp.log(xp.sum(xp.exp(logits - top), axis=1)) + top[:, 0]
    return xp.mean(spread - xp.sum(targets * logits, axis=1))


def _lipschitz(x: np.ndarray, outputs: int) -> float:
    """Of the mean cross entropy's gradient: 1/4 (two classes) or 1/2 (softmax; Boehning 1992) of the largest eigenvalue
    of the rows' second moments, with a column of ones.
    """
    wide = np.hstack([x, np.ones((len(x), 1))])
    gram = wide.T @ wide if wide.shape[1] <= len(wide) else wide @ wide.T
    return float(np.linalg.eigvalsh(gram)[-1]) / len(x) * (0.25 if outputs == 1 else 0.5)

"""What a report draws of a model after unlearning: losses of forgotten rows, beside unseen ones' and retraining."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import Real
from dualgap.core.figures import Figure, Histogram, Plane
from dualgap.problems.unlearning.metrics import ACCURACY, NOTHING, NOW, RETRAINED
from dualgap.problems.unlearning.roles import FORGET, RETAIN, ROLES

if TYPE_CHECKING:
    from dualgap.problems.unlearning.spec import Unlearning

_BINS = 24


def figures(problem: Unlearning, answer: Any) -> tuple[Figure, ...]:
    """Histograms over one axis: what an attack by the loss tells apart, and what retraining would show it."""
    w = np.asarray(answer.parameters, dtype=np.float64)
    gone, unseen = problem.part(FORGET), problem.held_out
    if w.shape != (problem.model.size,) or not len(gone[0]):
        return ()
    losses = problem.model.losses
    sides = [
        ("forgotten rows, now", losses(w, *gone)),
        ("forgotten rows, before", losses(problem.trained_model, *gone)),
    ]
    if len(problem.retrained_models):
        again = np.concatenate([losses(one, *gone) for one in problem.retrained_models])
        sides.append(("forgotten rows, retrained", again))
    if len(unseen[0]):
        sides.append(("unseen rows, now", losses(w, *unseen)))
    top = float(max(np.quantile(values, 0.99) for _, values in sides)) or 1.0
    edges = np.linspace(0.0, top, _BINS + 1)
    return tuple(
        Histogram(f"Losses in nats; the last bar holds all above {top:.3g}.", name, edges, _counts(values, edges))
        for name, values in sides
    )


def plane(metrics: Mapping[str, Mapping[str, Real]]) -> Plane | None:
    """Accuracy on retained against forgotten rows, beside retraining and doing nothing; nothing without retraining."""
    gone, kept = (metrics.get(f"{ROLES[role]} {ACCURACY}", {}) for role in (FORGET, RETAIN))
    if RETRAINED not in gone or RETRAINED not in kept:
        return None
    places = {name: (float(gone[name]), float(kept[name])) for name in (NOW, RETRAINED, NOTHING)}
    marks = tuple((name, places[name]) for name in (RETRAINED, NOTHING))
    return Plane(f"{ROLES[FORGET]} {ACCURACY}", f"{ROLES[RETAIN]} {ACCURACY}", places[NOW], marks)


def _counts(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.histogram(np.minimum(values, edges[-1]), edges)[0]

"""What several models of one method show together: forget quality by the competition's definition, with its ceiling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import Real
from dualgap.problems.unlearning.roles import FORGET, TEST
from dualgap.problems.unlearning_audit import UnlearningAudit
from dualgap.problems.unlearning_audit.data import from_losses

if TYPE_CHECKING:
    from dualgap.problems.unlearning.spec import Unlearning

_LEAST = 4  # different models on either side
_SAME = 1e-9  # of the largest parameter: the order of a sum may differ from run to run
_ROWS = 500  # forgotten rows that are judged, drawn once; each takes some forty milliseconds


def together(problem: Unlearning, answers: Sequence[Any]) -> Mapping[str, Mapping[str, Real]]:
    """F, its ceiling, F / ceiling, membership AUC; nothing where a method has no chance in it, or few were retrained.

    Source: Triantafillou et al., Are we making progress in unlearning? (2024): many models of a method from one trained
    model, beside as many retrained ones.
    """
    models = _different(np.array([answer.parameters for answer in answers], dtype=np.float64))
    forgotten, unseen = problem.part(FORGET), problem.part(TEST)
    if len(models) < _LEAST or len(problem.retrained_models) < _LEAST or not len(forgotten[0]):
        return {}
    if len(forgotten[0]) > _ROWS:
        drawn = np.random.Generator(np.random.PCG64(0)).permutation(len(forgotten[0]))[:_ROWS]
        forgotten = (forgotten[0][drawn], forgotten[1][drawn])

    def confidences(side: np.ndarray, rows: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        return from_losses(np.array([problem.model.losses(w, *rows) for w in side]))

    retrained = problem.retrained_models
    outputs: dict[str, Any] = {
        "unlearned": confidences(models, forgotten),
        "retrained": confidences(retrained, forgotten),
    }
    if len(unseen[0]):
        outputs |= {"unseen_unlearned": confidences(models, unseen), "unseen_retrained": confidences(retrained, unseen)}
    return UnlearningAudit(**outputs).reference


def _different(models: np.ndarray) -> np.ndarray:
    """(U', p) of (U, p) models, those left out that are another but for rounding."""
    if not len(models):
        return models
    steps = _SAME * max(float(np.abs(models).max()), 1e-300)
    near = [np.abs(models[:k] - w).max(axis=1, initial=0.0).min(initial=np.inf) <= steps for k, w in enumerate(models)]
    return np.asarray(models[~np.array(near)])

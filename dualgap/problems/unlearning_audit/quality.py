"""Forget quality beside what retraining itself gets: never a bare score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import Real
from dualgap.problems.ranks import area
from dualgap.problems.unlearning_audit.competition import note_scores, row_scores

if TYPE_CHECKING:
    from dualgap.problems.unlearning_audit.spec import UnlearningAudit

DRAWS = 1_000  # of the bootstrap
SPLITS = 5  # of the retrained models into halves
QUALITY, CEILING, SHARE = "F", "ceiling", "F / ceiling"
COMPARED = "F of as many models as the ceiling"
MEMBERS = "membership AUC"
LOW, HIGH = "2.5 %", "97.5 %"


@dataclass(frozen=True)
class Halves:
    """Scores of rows from as many models on either side, of several splits.

    Attributes:
        models: on each side. unlearned: (splits, m) scores of unlearned against one half of the retrained models.
        retrained: (splits, m) of the other half against it.
    """

    models: int
    unlearned: np.ndarray
    retrained: np.ndarray

    def drawn(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(draws,) means of both, rows drawn again and a split drawn each time: models vary, too."""
        splits, rows = self.unlearned.shape
        split, row = rng.integers(0, splits, (DRAWS, 1)), rng.integers(0, rows, (DRAWS, rows))
        return self.unlearned[split, row].mean(axis=1), self.retrained[split, row].mean(axis=1)


def halves(unlearned: np.ndarray, retrained: np.ndarray, seed: int) -> Halves:
    """The retrained models fall into halves by chance; as many unlearned ones are drawn, so that the two compare.

    Where there are fewer unlearned models than half of the retrained ones, each side has as many as they are.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    count = min(len(unlearned), len(retrained) // 2)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(SPLITS):
        order = rng.permutation(len(retrained))
        one, other = retrained[order[:count]], retrained[order[count : 2 * count]]
        chosen = unlearned[rng.permutation(len(unlearned))[:count]]
        found.append((row_scores(chosen, one), row_scores(other, one)))
    first, second = zip(*found)
    return Halves(count, np.array(first), np.array(second))


def reference(problem: UnlearningAudit) -> dict[str, dict[str, Real]]:
    """What is said whatever the attack: F by the competition's grid, its ceiling, membership; with intervals."""
    unlearned, retrained = problem.confidences
    rng, split = np.random.Generator(np.random.PCG64(1)), halves(unlearned, retrained, 0)
    ours, theirs = float(split.unlearned.mean()), float(split.retrained.mean())
    means = split.drawn(rng)
    found: dict[str, dict[str, Real]] = {
        QUALITY: _row(row_scores(unlearned, retrained).mean(), len(unlearned)),
        COMPARED: _row(ours, split.models) | _interval(means[0]),
        CEILING: _row(theirs, split.models) | _interval(means[1]),
    }
    if theirs > 0:
        some = means[1] > 0
        found[SHARE] = _row(ours / theirs, split.models) | _interval(means[0][some] / means[1][some])
    if problem.metric == "note":
        found["F of the notes"] = _row(note_scores(unlearned, retrained).mean(), len(unlearned))
    return found | membership(problem, rng)


def membership(problem: UnlearningAudit, rng: np.random.Generator) -> dict[str, dict[str, Real]]:
    """The chance that a forgotten row has more confidence than an unseen one, of each model; and of retrained ones."""
    found: dict[str, dict[str, Real]] = {}
    sides = zip(problem.confidences, (problem.unseen_unlearned, problem.unseen_retrained), ("unlearned", "retrained"))
    areas = {name: area(forgotten, unseen.astype(np.float64)) for forgotten, unseen, name in sides if unseen.size}
    for name, values in areas.items():
        draws = values[rng.integers(0, len(values), (DRAWS, len(values)))].mean(axis=1)
        found[f"{MEMBERS}, {name}"] = _row(values.mean(), len(values)) | _interval(draws)
    return found


def _row(value: float, models: int) -> dict[str, Real]:
    return {"value": float(value), "models": models}


def _interval(draws: np.ndarray) -> dict[str, Real]:
    if not len(draws):
        return {}
    low, high = np.quantile(draws, [0.025, 0.975])
    return {LOW: float(low), HIGH: float(high)}

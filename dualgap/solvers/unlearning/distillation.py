"""SCRUB: the student obeys its teacher on retained rows and departs from it on forgotten ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.problems.unlearning import Unlearning
from dualgap.problems.unlearning.models import chances
from dualgap.problems.unlearning.roles import FORGET
from dualgap.solvers.unlearning.descent import Descent, Slope, Slopes


@dataclass(frozen=True)
class Scrub(Descent):
    """``min obey KL(teacher | student) + learn cross entropy`` on retained rows, ``max KL`` on forgotten ones in turns.

    A round ascends for ``ascents`` steps and descends for ``descents``; after ``rounds`` it only descends.

    Source: Kurmanji, Triantafillou, Hayes and Triantafillou, Towards unbounded machine unlearning (2023); ``rewind`` is
    their SCRUB+R.

    Attributes:
        rounds: of ascent and descent. ascents: steps of each ascent. descents: of each descent.
        obey: weight of the divergence from the teacher. learn: weight of the cross entropy.
        rewind: of the models between, take the one whose error on forgotten rows is nearest to the last one's on unseen
            rows.
    """

    name: ClassVar[str] = "scrub"
    summary: ClassVar[str] = "SCRUB: the student departs from its teacher on forgotten rows, in turns"

    rounds: int = 5
    ascents: int = 2
    descents: int = 20
    obey: float = 0.5
    learn: float = 1.0
    rewind: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.rounds, self.ascents, self.descents) < 1:
            raise ValueError("rounds, ascents and descents: one at least")

    def refuses(self, form: Any) -> str | None:
        if self.rewind and not len(form.held_out[0]):
            return "to rewind it needs rows that no model has seen: test = {fraction = 0.2}"
        return None

    def slope(self, form: Unlearning, slopes: Slopes, seed: int) -> Slope:
        trained = form.trained_model
        taught, unlearnt = (chances(form.model.logits(trained, x)) for x, _ in (slopes.kept, slopes.gone))
        mixed = (self.obey * taught + self.learn * slopes.kept_targets) / (self.obey + self.learn)
        step, period = 0, self.ascents + self.descents

        def found(w: np.ndarray) -> np.ndarray:
            nonlocal step
            ascends = step < self.rounds * period and step % period < self.ascents
            step += 1
            return -slopes.forget(w, unlearnt) if ascends else slopes.retain(w, targets=mixed)

        return found

    @property
    def remembers(self) -> bool:
        return self.rewind

    def choose(self, form: Unlearning, seen: list[np.ndarray]) -> np.ndarray:
        if not self.rewind:
            return seen[-1]
        wanted = _error(form, seen[-1], *form.held_out)
        return min(reversed(seen), key=lambda w: abs(_error(form, w, *form.part(FORGET)) - wanted))


def _error(form: Unlearning, w: np.ndarray, x: np.ndarray, labels: np.ndarray) -> float:
    """The share of rows that are misread."""
    return float((form.model.predicted(w, x) != labels).mean()) if len(x) else 0.0

"""First-order unlearning: Adam from the trained model, on whatever slope a method puts together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.unlearning import Parameters, Unlearning
from dualgap.problems.unlearning.roles import FORGET, RETAIN
from dualgap.problems.unlearning.training import batches, descent

TOLD = 10
"""Steps between reports."""

_LINEAR, _NETWORK = 0.03, 3e-3  # Adam's first step, by default

Slope = Callable[[np.ndarray], np.ndarray]


class Slopes:
    """The gradients that methods put together.

    Attributes:
        kept: ((n, d), (n,)) retained rows and their classes. gone: ((m, d), (m,)) those to be forgotten.
        rows: places of retained rows, the next batch in each turn.
        told: numbers that a method says of itself at its end, by name: multipliers, say.
    """

    def __init__(self, form: Unlearning, batch: int, seed: int) -> None:
        self.form = form
        self.model = form.model
        self.kept, self.gone = form.part(RETAIN), form.part(FORGET)
        self.kept_targets, self.gone_targets = (self.model.targets(labels) for _, labels in (self.kept, self.gone))
        self.rows = batches(len(self.kept[0]), batch or len(self.kept[0]), seed)
        self.told: dict[str, float] = {}
        self._tilt = form.noise.astype(np.float64) / len(self.kept[0]) if form.noise.size else 0.0

    def retain(self, w: np.ndarray, rows: np.ndarray | None = None, targets: np.ndarray | None = None) -> np.ndarray:
        """Of the retain objective, on a batch: the next one by default.

        Args:
            targets: (n, outputs) probabilities for all retained rows; their own classes by default.
        """
        rows = next(self.rows) if rows is None else rows
        wanted = self.kept_targets if targets is None else targets
        slope = self.model.slope(w, self.kept[0][rows], wanted[rows], np.full(len(rows), 1.0 / len(rows)))
        return np.asarray(slope + float(self.form.l2) * w + self._tilt)

    def forget(self, w: np.ndarray, targets: np.ndarray | None = None, weights: np.ndarray | None = None) -> np.ndarray:
        """Of the forgotten rows' cross entropy towards ``targets``: (m, outputs), their own classes by default.

        Args:
            weights: (m,) of the rows; their mean by default.
        """
        x, _ = self.gone
        if not len(x):
            return np.zeros(self.model.size)
        share = np.full(len(x), 1.0 / len(x)) if weights is None else weights
        return self.model.slope(w, x, self.gone_targets if targets is None else targets, share)

    def both(self, w: np.ndarray, targets: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Of the mean over retained and forgotten rows, these towards other targets."""
        kept, gone = len(self.kept[0]), len(self.gone[0])
        return np.asarray((kept * self.retain(w, rows) + gone * self.forget(w, targets)) / (kept + gone))


@dataclass(frozen=True)
class Descent(Solver):
    """Adam on a slope; methods differ in the slope, some in where they begin.

    Attributes:
        steps: of Adam.
        rate: its first step, which falls along a half cosine; by default .03 for linear models, .003 for networks.
        batch: retained rows of a step; 0 for all.
    """

    accepts: ClassVar[tuple[type, ...]] = (Unlearning,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.ANYTIME, Trait.RANDOMISED, Trait.BOUNDS})

    steps: int = 200
    rate: float | None = None
    batch: int = 128

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 0 or (self.rate is not None and not self.rate > 0):
            raise ValueError("steps from 1, rate above 0, batch from 0 (all rows)")

    @abstractmethod
    def slope(self, form: Unlearning, slopes: Slopes, seed: int) -> Slope:
        """What Adam takes for the gradient."""

    def start(self, form: Unlearning) -> np.ndarray:
        """Where Adam begins: at the trained model."""
        return form.trained_model

    @property
    def descends(self) -> bool:
        """Whether nothing but the retain objective is descended, so that a point between may stand for the answer: a
        method that trades it for forgetting is judged by where it ends.
        """
        return False

    def choose(self, form: Unlearning, seen: list[np.ndarray]) -> np.ndarray:
        """One of the points that ``remembers`` kept, the last step's at the end."""
        return seen[-1]

    @property
    def remembers(self) -> bool:
        """Whether the points between are kept to choose from."""
        return False

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, Unlearning)
        w, done, seen = self.start(form), 0, list[np.ndarray]()
        slopes = Slopes(form, self.batch, ctx.seed)
        slope = self.slope(form, slopes, ctx.seed)
        rate = self.rate or (_LINEAR if form.model.linear else _NETWORK)
        for done, point in enumerate(descent(slope, w, self.steps, rate), start=1):
            if not np.isfinite(point).all():
                return claim(form, w, Stop.NONFINITE, done, slopes.told)
            w = point
            if done % TOLD == 0:
                ctx.report(Parameters(parameters=w) if self.descends else None, iterations=done)
                if self.remembers:
                    seen.append(w)
                if ctx.should_stop():
                    return claim(form, self.choose(form, [*seen, w]), Stop.TIME, done, slopes.told)
        return claim(form, self.choose(form, [*seen, w]), Stop.FINISHED, done, slopes.told)


def claim(form: Unlearning, w: np.ndarray, stop: Stop, steps: int, told: Mapping[str, float] | None = None) -> Claim:
    """The point, and what its gradient implies."""
    point = Parameters(parameters=w)
    return Claim(
        point, feasible=True, stop=stop, witness=form.implied(point), statistics={"steps": steps, **(told or {})}
    )

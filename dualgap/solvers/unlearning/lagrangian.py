"""Unlearning under a constraint, or against an adversary: each side's price moves while the model descends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.problems.unlearning import Unlearning
from dualgap.problems.unlearning.models import chances
from dualgap.solvers.unlearning.descent import Descent, Slope, Slopes

_NEWTON_STEPS = 4  # of the adversary's two parameters, in each step of the model


@dataclass(frozen=True)
class ForgetAscent(Descent):
    """The Lagrangian of ``min J with forget loss >= rho``: Adam on the parameters, ascent on the multiplier.

    rho comes from rows that no model has seen (``level`` of the spec), not from retraining. Where rho is no more than
    the retrained model's own loss on the forgotten rows, a linear model's multiplier is 0 and the answer retraining.

    Attributes:
        ascent: of the multiplier, for each nat that the loss is short of rho.
        most: the largest multiplier, in units of retained over forgotten rows; beyond 1 no row is learnt any more.
    """

    name: ClassVar[str] = "forget-ascent"
    summary: ClassVar[str] = "Lagrangian: the forgotten rows' loss is to be that of unseen rows, without an oracle"

    ascent: float = 0.03
    most: float = 1.0

    def refuses(self, form: Any) -> str | None:
        return None if form.rho is not None else 'it needs a level: rows for testing, or level = "retrain" or a number'

    def slope(self, form: Unlearning, slopes: Slopes, seed: int) -> Slope:
        x, labels = slopes.gone
        top = self.most * len(slopes.kept[0]) / max(1, len(x))
        rho, price = float(form.rho or 0.0), 0.0

        def found(w: np.ndarray) -> np.ndarray:
            nonlocal price
            short = rho - float(form.model.losses(w, x, labels).mean()) if len(x) else 0.0
            price = slopes.told["multiplier"] = float(np.clip(price + self.ascent * short, 0.0, top))
            return slopes.retain(w) - price * slopes.forget(w)

        return found


@dataclass(frozen=True)
class RetainAscent(Descent):
    """The roles exchanged: the forgotten rows' predictions become uniform, while the retain loss stays within a share
    of what it was: ``min KL(uniform | p) on forgotten rows with retain loss <= (1 + slack) retain loss before``.

    Source: Entesari et al., Constrained entropic unlearning: a primal-dual framework for large language models (2025),
    whose flattening of logits is a divergence from uniform predictions here.

    Attributes:
        slack: the share that the retain loss may grow by.
        ascent: of the multiplier, for each nat that the retain loss is too large.
        warm_up: steps before the multiplier moves.
    """

    name: ClassVar[str] = "retain-ascent"
    summary: ClassVar[str] = "Lagrangian with the roles exchanged: flat predictions on forgotten rows, retain loss kept"

    slack: float = 0.1
    ascent: float = 1.0
    warm_up: int = 10

    def slope(self, form: Unlearning, slopes: Slopes, seed: int) -> Slope:
        model, flat = form.model, np.full_like(slopes.gone_targets, 1.0 / form.model.classes)
        x, labels = slopes.kept
        most = (1.0 + self.slack) * float(model.losses(form.trained_model, x, labels).mean())
        price, steps = 1.0, 0

        def found(w: np.ndarray) -> np.ndarray:
            nonlocal price, steps
            steps += 1
            rows = next(slopes.rows)
            if steps > self.warm_up:
                over = float(model.losses(w, x[rows], labels[rows]).mean()) - most
                price = slopes.told["multiplier"] = max(0.0, price + self.ascent * over)
            return slopes.forget(w, flat) + price * slopes.retain(w, rows)

        return found


@dataclass(frozen=True)
class MembershipGame(Descent):
    """``min J + weight * max over a of a's gain``, where a tells forgotten rows from unseen ones by their loss.

    The adversary is a logistic regression on the loss, fitted anew at each step; the model sees the forgotten rows'
    side of its gain only, so nothing is learnt from unseen rows.

    Source: after Nasr, Shokri and Houmansadr, Machine learning with membership privacy using adversarial regularization
    (2018), whose adversary is a network on outputs and labels.

    Attributes:
        weight: of the adversary's gain.
    """

    name: ClassVar[str] = "membership-game"
    summary: ClassVar[str] = "min-max: an adversary tells forgotten rows from unseen ones by their losses"

    weight: float = 1.0

    def refuses(self, form: Any) -> str | None:
        return (
            None
            if len(form.held_out[0])
            else "the adversary needs rows that no model has seen: test = {fraction = 0.2}"
        )

    def slope(self, form: Unlearning, slopes: Slopes, seed: int) -> Slope:
        fitted = np.zeros(2)

        def found(w: np.ndarray) -> np.ndarray:
            nonlocal fitted
            losses = form.model.losses(w, *slopes.gone)
            fitted = best_attack(losses, form.model.losses(w, *form.held_out), fitted)
            doubt = 1.0 - chances((fitted[0] + fitted[1] * losses)[:, None])[:, 0]
            share = self.weight * fitted[1] * doubt / max(1, len(losses))
            return np.asarray(slopes.retain(w) + slopes.forget(w, weights=share))

        return found


def best_attack(members: np.ndarray, others: np.ndarray, start: np.ndarray) -> np.ndarray:
    """(2,) intercept and slope of a logistic regression on losses, members 1, either side of equal weight; a few of
    Newton's steps from where it was, under a small ridge.
    """
    loss = np.concatenate([members, others])
    x = np.column_stack([np.ones(len(loss)), loss])
    wanted = np.repeat([1.0, 0.0], [len(members), len(others)])
    weights = np.repeat([0.5 / max(1, len(members)), 0.5 / max(1, len(others))], [len(members), len(others)])
    found = start
    for _ in range(_NEWTON_STEPS):
        chance = chances((x @ found)[:, None])[:, 0]
        gradient = x.T @ (weights * (chance - wanted)) + 1e-3 * found
        hessian = (x.T * (weights * chance * (1.0 - chance))) @ x + 1e-3 * np.eye(2)
        found = np.clip(found - np.linalg.solve(hessian, gradient), -20.0, 20.0)
    return found

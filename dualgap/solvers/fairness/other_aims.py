"""Training with other aims, judged by this one: the worst group's risk, and a game with an adversary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim
from dualgap.core.forms import Convexity, DualisedProgram, Form, SaddleProgram
from dualgap.core.sets import Ball
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.traced import namespace
from dualgap.problems.fair_classifier import FairClassifier
from dualgap.problems.fair_classifier.logistic import Scaling, newton
from dualgap.solvers.dual_ascent import DualAscent
from dualgap.solvers.saddle.extragradient import Extragradient

_REACH = 10.0  # of the unconstrained model's size: how far the game looks


@dataclass(frozen=True)
class GroupRobust(Solver):
    """The linear model whose worst group has the least logistic risk: dual ascent over the groups' weights (Sagawa et
    al., Distributionally robust neural networks for group shifts, 2020).

    Attributes:
        ridge: on scaled features.
    """

    name: ClassVar[str] = "group-robust"
    summary: ClassVar[str] = "logistic regression for the group that fares worst, by dual ascent over group weights"
    accepts: ClassVar[tuple[type, ...]] = (FairClassifier,)
    traits: ClassVar[frozenset[Trait]] = frozenset()

    ridge: float = 1e-4

    def __post_init__(self) -> None:
        if self.ridge <= 0:
            raise ValueError("ridge must be positive: groups that can be told apart have no least risk")

    def refuses(self, form: Any) -> str | None:
        return _refuses(form)

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, FairClassifier)
        return _judged(form, _weighed(form, self.ridge), DualAscent(rule="level"), ctx)


@dataclass(frozen=True)
class Adversarial(Solver):
    """A linear model against an adversary who tells the group from its predictions, and for the odds' metrics from the
    label as well (Zhang, Lemoine and Mitchell, Mitigating unwanted biases with adversarial learning, 2018).

    Attributes:
        stake: what the adversary's loss counts beside the predictor's.
        iterations: of the extragradient method.
        ridge: of the model that the game begins at.
    """

    name: ClassVar[str] = "adversarial"
    summary: ClassVar[str] = "a linear model in a game with an adversary who guesses the group"
    accepts: ClassVar[tuple[type, ...]] = (FairClassifier,)
    requires: ClassVar[tuple[str, ...]] = ("jax",)
    traits: ClassVar[frozenset[Trait]] = frozenset()

    stake: float = 1.0
    iterations: int = 300
    ridge: float = 1e-4

    def __post_init__(self) -> None:
        if self.stake < 0 or self.ridge < 0 or self.iterations < 1:
            raise ValueError("stake and ridge can't be negative, and there is at least one iteration")

    def refuses(self, form: Any) -> str | None:
        return _refuses(form)

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, FairClassifier)
        return _judged(form, _game(form, self.stake, self.ridge), Extragradient(iterations=self.iterations), ctx)


def _refuses(form: Any) -> str | None:
    assert isinstance(form, FairClassifier)
    return "thresholds are of a given score: take highs" if form.hypothesis == "threshold" else None


def _judged(problem: FairClassifier, form: Form, method: Solver, ctx: Context) -> Claim:
    """The method's last word on its own form, as a classifier: what it meets on the way isn't kept for its accuracy."""
    claim = ctx.subsolve(form, method, report=lambda *_, **__: None)
    if claim.point is None:
        return Claim(stop=claim.stop, message=claim.message)
    theta = claim.point[0] if isinstance(form, SaddleProgram) else claim.point
    answer = problem.classifier([_scaled(problem)[1].linear(np.asarray(theta, dtype=np.float64))])
    fair = not problem.evaluate(answer).violations
    message = "" if fair else "its rates, or its class, aren't what the spec asks for"
    return Claim(answer, fair, claim.stop, statistics=claim.statistics, message=message)


def _scaled(problem: FairClassifier) -> tuple[np.ndarray, Scaling]:
    rows = problem.train
    scaling = Scaling.of(problem.design[rows], problem.mass[rows])
    return scaling.scaled(problem.design[rows]), scaling


def _weighed(problem: FairClassifier, ridge: float) -> DualisedProgram:
    """The dual over group weights of the least worst logistic risk of a group."""
    from dualgap.problems.minimax_regret import MinimaxRegret

    rows = problem.train
    names = np.array(problem.group_names)
    regret = MinimaxRegret(
        features=_scaled(problem)[0],
        label=problem.label[rows],
        groups=tuple(names[problem.groups[rows]].tolist()),
        weights=problem.mass[rows],
        loss="logistic",
        goal="risk",
        ridge=ridge,
    )
    form = next(view for view in regret.views() if view.name == "weights").build()
    assert isinstance(form, DualisedProgram)
    return form


def _game(problem: FairClassifier, stake: float, ridge: float) -> SaddleProgram:
    """The predictor's logistic loss less that of an adversary, who tells the group from the prediction (for the odds'
    metrics from the label as well), linearly in the log odds.
    """
    rows, scaled = problem.train, _scaled(problem)[0]
    shares = problem.mass[rows] / problem.mass[rows].sum()
    x, label = np.hstack([scaled, np.ones((len(scaled), 1))]), problem.label[rows].astype(np.float64)
    start = newton(x, label, shares, ridge)
    odds = float(problem.metric in ("equalized-odds", "equal-opportunity"))
    data = {
        "x": x,
        "label": label,
        "shares": shares,
        "groups": np.eye(problem.count)[problem.groups[rows]],
        "seen": np.column_stack([np.ones(len(x)), odds * label]),
        "stake": np.float64(stake),
    }
    adversary = np.zeros((problem.count, 4))
    return SaddleProgram(
        objective=contest,
        x_set=Ball(radius=_REACH * max(float(np.linalg.norm(start)), 1.0)),
        y_set=Ball(radius=_REACH * 4.0),
        initial=(start, adversary.ravel()),
        data=data,
        convexity=Convexity.NONCONVEX,
    )


def contest(theta: Any, adversary: Any, data: Any) -> Any:
    """The predictor's loss less the stake times the adversary's mean loss over the groups."""
    xp = namespace(theta)
    logits = data["x"] @ theta
    loss = data["shares"] @ (xp.logaddexp(0.0, logits) - data["label"] * logits)
    chance = 0.5 * (1.0 + xp.tanh(0.5 * logits))
    seen = xp.concatenate([data["seen"], data["seen"] * chance[:, None]], axis=1)
    guesses = seen @ xp.reshape(adversary, (data["groups"].shape[1], 4)).T
    losses = data["shares"] @ (xp.logaddexp(0.0, guesses) - data["groups"] * guesses)
    return loss - data["stake"] * losses.sum() / data["groups"].shape[1]

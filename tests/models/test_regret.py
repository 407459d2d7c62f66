"""Minimax regret of functions, against the kind that has closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap import Evidence, MinimaxRegret, Verdict
from dualgap.core.errors import UsageError
from dualgap.core.sets import Ball, Reals
from dualgap.models.regret import group_losses

CENTRES = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5]])
SCALES = np.array([1.0, 3.0, 1.0])


def first(theta: Any, data: Any) -> Any:
    return data["scales"][0] * ((theta - data["centres"][0]) ** 2).sum() + 0.1


def second(theta: Any, data: Any) -> Any:
    return data["scales"][1] * ((theta - data["centres"][1]) ** 2).sum() + 0.2


def third(theta: Any, data: Any) -> Any:
    return data["scales"][2] * ((theta - data["centres"][2]) ** 2).sum()


LOSSES, DATA, START = (first, second, third), {"centres": CENTRES, "scales": SCALES}, np.zeros(2)


def reference() -> float:
    """The same as given quadratics, by interior points."""
    eye = np.eye(2)
    problem = MinimaxRegret(
        quadratic=[2 * scale * eye for scale in SCALES.tolist()],
        linear=2 * SCALES[:, None] * CENTRES,
        constant=SCALES * (CENTRES**2).sum(axis=1) + [0.1, 0.2, 0.0],
    )
    return float(dualgap.solve(problem, "clarabel", isolate=False).certificate.value)


def test_each_group_is_fitted_first() -> None:
    problem = dualgap.minimax_regret(LOSSES, Ball(radius=3.0), START, data=DATA, names=["a", "b", "c"])
    assert problem.optima == pytest.approx([0.1, 0.2, 0.0], abs=1e-5)
    certificate = dualgap.solve(problem).certificate
    assert certificate.verdict is Verdict.OPTIMAL
    assert certificate.evidence is Evidence.NUMERICAL
    assert float(certificate.value) == pytest.approx(reference(), abs=1e-4)
    assert sum(certificate.metrics["weight"].values()) == pytest.approx(1.0)
    assert max(certificate.metrics["regret"].values()) == pytest.approx(float(certificate.value), abs=1e-5)


def test_given_optima_are_taken_as_they_are() -> None:
    problem = dualgap.minimax_regret(LOSSES, Ball(radius=3.0), START, data=DATA, optima=[0.1, 0.2, 0.0])
    certificate = dualgap.solve(problem).certificate
    assert certificate.quantity == "worst regret"
    assert float(certificate.value) == pytest.approx(reference(), abs=1e-6)
    assert float(certificate.bound) <= reference() + 1e-9


def test_without_optima_it_is_the_worst_loss() -> None:
    problem = group_losses(LOSSES, Ball(radius=3.0), START, data=DATA)
    run = dualgap.solve(problem)
    assert run.certificate.quantity == "worst loss"
    assert float(run.certificate.value) == pytest.approx(problem.losses(run.answer.x).max(), rel=1e-6)


def test_other_losses_are_another_problem() -> None:
    problems = [group_losses(losses, Ball(radius=3.0), START, data=DATA) for losses in (LOSSES[:2], LOSSES[1:])]
    assert problems[0].digest() != problems[1].digest()
    assert problems[0].digest() == group_losses(LOSSES[:2], Ball(radius=3.0), START, data=DATA).digest()


@pytest.mark.parametrize("more", [{"optima": [0.0]}, {"names": ["a"]}])
def test_a_number_for_each(more: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="for 3 losses"):
        dualgap.minimax_regret(LOSSES, Ball(radius=3.0), START, data=DATA, **more)
    with pytest.raises(UsageError, match="no losses"):
        dualgap.minimax_regret([], Ball(radius=3.0), START)


def test_without_bounds_the_own_optimum_is_not_guessed() -> None:
    with pytest.raises(UsageError, match="group 1: its own optimum"):
        dualgap.minimax_regret(LOSSES, Reals(), START, data=DATA, time=2)


def test_a_loss_that_fails_says_why() -> None:
    with pytest.raises(UsageError, match=r"group 1: its loss can't be evaluated: TypeError.*1 positional argument"):
        dualgap.minimax_regret([lambda theta: theta.sum()], Ball(radius=3.0), START)  # type: ignore[list-item, misc]

"""A small instance, and solvers that lie about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dualgap.problems.knapsack import Knapsack
from tests.study.liars import EVERYBODY


@pytest.fixture
def knapsack() -> Knapsack:
    """The optimum packs b and c, worth 220; the linear relaxation is worth 240."""
    return Knapsack(values=[60, 100, 120], weights=[10, 20, 30], capacity=50, names=["a", "b", "c"])


@pytest.fixture
def liars(registered: Callable[[Any], Any]) -> None:
    """The solvers of ``tests.study.liars``, registered for one test."""
    for solver in EVERYBODY:
        registered(solver)

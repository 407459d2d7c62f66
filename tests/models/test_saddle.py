"""Saddle programs in Python: what is no program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.errors import SpecError
from dualgap.core.sets import Box


def tug(x: Any, y: Any, data: Any) -> Any:
    return x @ y


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"initial": np.zeros(2)}, "initial is no pair"),
        ({"initial": (np.zeros(2),)}, "initial is no pair"),
        ({"y_set": "simplex"}, "y_set"),
        ({"payoff": [[1, 2]]}, "an objective and a payoff"),
        ({"objective": None}, "neither objective nor payoff"),
    ],
)
def test_what_is_no_saddle_program(given: dict[str, Any], said: str) -> None:
    fields = {"objective": tug, "x_set": Box(-1, 1), "y_set": Box(-1, 1), "initial": (np.zeros(2), np.zeros(2))}
    with pytest.raises(SpecError, match=said):
        dualgap.Saddle(**{**fields, **given})

"""Unboundedness: a ray that stays feasible exactly, from a feasible point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dualgap import IntegerProgram
from dualgap.core.certificate import Evidence
from dualgap.core.witness import Exhaustion, Ray

INFINITY = float("inf")


def thirds(**changes: Any) -> Any:
    """max x along x = 3 y, with decimals that no float hits."""
    data = {
        "maximize": {"x": 1},
        "rows": {"level": {"terms": {"x": 0.1, "y": -0.3}, "eq": 0.7}, "up": {"terms": {"y": 1}, "ge": -5}},
        "bounds": {"x": ["-inf", "inf"], "y": ["-inf", "inf"]},
    }
    return IntegerProgram.model_validate({**data, **changes})


@pytest.mark.parametrize("direction", [[3, 1], [3.0000000001, 1], [0.9999999999, 0.3333333333]])
def test_a_direction_is_mended_where_floats_missed_it(direction: list[float]) -> None:
    ray = Ray(direction=np.array(direction), point=np.array([7, 0]))
    assert thirds().unbounded(ray) is Evidence.PROVED


@pytest.mark.parametrize("direction", [[1, 0], [-3, -1], [2.5, 1], [0, 0], [3, 1, 0]])
def test_a_direction_that_leaves_or_falls_shows_nothing(direction: list[float]) -> None:
    assert thirds().unbounded(Ray(direction=np.array(direction), point=np.array([7, 0]))) is Evidence.NONE


def test_the_ray_needs_a_feasible_point() -> None:
    direction = np.array([3, 1])
    assert thirds().unbounded(Ray(direction=direction)) is Evidence.NONE
    assert thirds().unbounded(Ray(direction=direction, point=np.array([8, 0]))) is Evidence.NONE
    assert thirds().unbounded(Ray(direction=direction, point=np.array([7 + 1e-8, 0.0]))) is Evidence.NUMERICAL
    assert thirds().unbounded(Exhaustion()) is Evidence.NONE


def test_zero_is_a_point_where_nothing_speaks_against_it() -> None:
    rows = {"r": {"terms": {"x": 1, "y": -1}, "le": 1}}
    problem = IntegerProgram.model_validate({"maximize": {"x": 1}, "rows": rows, "integer": "all"})
    assert problem.unbounded(Ray(direction=np.array([1.0, 1.0]))) is Evidence.PROVED


def test_bounds_end_a_ray() -> None:
    ray = Ray(direction=np.array([3, 1]), point=np.array([7, 0]))
    assert thirds(bounds={"x": ["-inf", 100], "y": ["-inf", "inf"]}).unbounded(ray) is Evidence.NONE


def test_rows_are_solved_exactly_where_no_simple_fraction_does() -> None:
    """Along x = 1.0000117 y / 0.7000319 ... the direction has no small denominator."""
    rows = {"level": {"terms": {"x": 0.7000319, "y": -1.0000117}, "eq": 0}}
    problem = IntegerProgram.model_validate({"maximize": {"x": 1}, "rows": rows})
    direction = np.array([1.0000117 / 0.7000319, 1.0])
    assert problem.unbounded(Ray(direction=direction)) is Evidence.PROVED

"""The conformance suite of bridges finds what it should: each fault is one thing changed on an honest bridge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dualgap import Bridge, Crossing, MixedIntegerProgram, Relation, SmoothProgram
from dualgap.plugins.registry import registry
from dualgap.testing import check_bridge, examine_bridge


def shift(form: MixedIntegerProgram, **changes: Any) -> Crossing:
    """The same program with its objective moved by one."""
    moved = replace(form, offset=form.offset + 1.0)
    maps: dict[str, Any] = {"decode": np.array, "encode": np.array, "lift_bound": lambda bound: bound - 1}
    return Crossing(moved, **{**maps, **changes})


HONEST = Bridge("shift", MixedIntegerProgram, MixedIntegerProgram, Relation.EXACT, shift)


def test_an_honest_bridge_passes() -> None:
    report = check_bridge(HONEST)
    assert not [row for row in report.rows if row.passed is None]


@pytest.mark.parametrize("name", ["dualise-rows", "relax-to-polytope"])
def test_the_built_ins_pass(name: str) -> None:
    check_bridge(registry().bridges[name].resolve())


def _print(form: MixedIntegerProgram) -> Crossing:
    print("crossing")
    return shift(form)


FAULTS: dict[str, tuple[Bridge, str]] = {
    "no reason": (replace(HONEST, refuses=lambda form: ""), "refuses() gave ''"),
    "refuses all": (replace(HONEST, refuses=lambda form: "no"), "refuses every case"),
    "no crossing": (replace(HONEST, cross=lambda form: form), "cross returned MixedIntegerProgram"),
    "another target": (replace(HONEST, target=SmoothProgram), "the form is a MixedIntegerProgram"),
    "prints": (replace(HONEST, cross=_print), "prints to stdout"),
    "points lost": (replace(HONEST, cross=lambda form: shift(form, decode=lambda x: 0 * x)), "comes back worth"),
    "points moved": (replace(HONEST, cross=lambda form: shift(form, encode=lambda x: x + 9)), "breaks a constraint"),
    "bound not lifted": (replace(HONEST, cross=lambda form: shift(form, lift_bound=lambda bound: bound)), "above"),
    "bound lifted too low": (
        replace(HONEST, cross=lambda form: shift(form, lift_bound=lambda bound: bound - 2)),
        "exact, but",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault: str) -> None:
    bridge, said = FAULTS[fault]
    found = "; ".join(row.detail for row in examine_bridge(bridge).failures)
    assert said in found


def test_a_restriction_need_not_hold_the_optimum() -> None:
    none = replace(HONEST, relation=Relation.RESTRICTION, cross=lambda form: shift(form, encode=lambda x: x + 9))
    rows = {row.check: row for row in examine_bridge(none).rows}
    assert rows["optimal points cross, unless it restricts"].passed is None


@pytest.mark.parametrize(("thing", "said"), [(int, "not a dualgap.Bridge"), (replace(HONEST, name=""), "needs a name")])
def test_incomplete_ones(thing: Any, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_bridge(thing)

"""Rings: pairs by looking at every one, bounds below every order, layouts, faults by place."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dualgap
from dualgap import RingAttention, SpecError
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.figures import Timeline
from dualgap.core.witness import Exhaustion
from dualgap.problems.ring_attention import RingCapacity, RingOrder
from dualgap.problems.ring_attention.proofs import shared
from dualgap.problems.ring_attention.raw import pairs
from dualgap.solvers.placement.ring import _orders, layout, seconds

RAW: dict[str, Any] = {"kind": "ring-attention", "sequence": 64, "devices": [{"speed": 2.0, "count": 4}]}


def loaded(**changed: Any) -> RingAttention:
    """From a raw spec."""
    found = dualgap.load({**RAW, **changed})
    assert isinstance(found, RingAttention)
    return found


@pytest.mark.parametrize("documents", [[24], [8, 16], [5, 11, 8], [1, 22, 1]])
def test_pairs_are_counted_one_by_one(documents: list[int]) -> None:
    start = np.repeat(np.cumsum([0, *documents[:-1]]), documents)
    place = np.arange(24)
    seen = (place[None, :] <= place[:, None]) & (place[None, :] >= start[:, None])
    counted = seen.reshape(6, 4, 6, 4).sum(axis=(1, 3))
    assert pairs(6, 24, documents).tolist() == counted.tolist()
    assert pairs(6, 24, None).tolist() == np.full((6, 6), 16).tolist()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_a_round_is_the_definition_and_the_bound_below_every_order(seed: int, equal: bool) -> None:
    problem = RingAttention.generate(3, seed, equal=equal)
    bound = problem.bound(RingCapacity()).value
    for held in _orders(tuple(range(6)), 2, fixed=equal):
        by_step = [
            max(
                Fraction(int(problem.work[np.ix_(held[j], held[(j - r) % 3])].sum())) / problem.speeds[j]
                for j in range(3)
            )
            for r in range(3)
        ]
        judged = problem.evaluate(RingOrder(held=np.array(held)))
        assert Fraction(judged.objective) == sum(by_step)
        assert seconds(problem, np.array(held)) == pytest.approx(float(sum(by_step)), rel=1e-12)
        assert bound <= Fraction(judged.objective)


def test_capacity_is_the_least_time_with_caps() -> None:
    speeds = [Fraction(1), Fraction(2), Fraction(5)]
    for most, work in ((10, 12), (6, 14), (4, 12), (100, 1)):
        time = shared(speeds, most, work)
        assert sum(min(speed * time, most) for speed in speeds) == work


@pytest.mark.parametrize("devices", [1, 2, 5, 8])
def test_zigzag_is_proved_optimal_for_one_causal_sequence(devices: int) -> None:
    problem = loaded(sequence=64 * devices, devices=[{"speed": 1.0, "count": devices}])
    run = dualgap.solve(problem, "ring-layout", isolate=False)
    assert run.certificate.verdict == "optimal"
    assert run.certificate.evidence == "proved"


def test_the_naive_ring_wastes_almost_half() -> None:
    """Published on eight devices: .514 to .539 of even work (ring-flash-attention)."""
    problem = loaded(sequence=2**16, devices=[{"speed": 1.0, "count": 8}])
    naive, zigzag = (seconds(problem, layout(problem, name)) for name in ("contiguous", "zigzag"))
    assert zigzag / naive == pytest.approx(0.533, abs=0.001)


@pytest.mark.parametrize("equal", [True, False])
def test_search_finds_the_optimum_of_small_rings(equal: bool) -> None:
    found = 0
    for seed in range(8):
        problem = RingAttention.generate(4, seed, equal=equal)
        best = dualgap.solve(problem, "ring-enumeration", isolate=False).certificate
        assert best.verdict in ("optimal", "claimed-optimal")
        near = dualgap.solve(problem, "ring-search", isolate=False).certificate.value
        assert float(near) >= float(best.value) * (1 - 1e-12)
        assert float(near) <= float(best.value) * 1.1
        found += near == best.value
    assert found >= 6


def test_wrong_orders_and_witnesses_are_found() -> None:
    problem = loaded()
    good = problem.trivial().held
    assert not problem.evaluate(RingOrder(held=good)).violations
    doubled = good.copy()
    doubled[0, 0] = doubled[1, 0]
    for wrong in (good[:2], doubled, good + 1, good + 0.5):
        assert problem.evaluate(RingOrder(held=wrong)).violations
    with pytest.raises(InvalidWitnessError, match="takes no exhaustion"):
        problem.bound(Exhaustion())
    with pytest.raises(dualgap.NoRouteError, match="orders, beyond"):
        dualgap.solve(loaded(devices=[{"speed": 1.0, "count": 16}]), "ring-enumeration", isolate=False)


def test_steps_are_drawn() -> None:
    problem = loaded()
    (figure,) = problem.figures(problem.trivial())
    assert isinstance(figure, Timeline)
    assert [len(spans) for _, spans in figure.rows] == [4] * 4
    ends = max(end for _, spans in figure.rows for _, end, _ in spans)
    assert ends <= float(problem.evaluate(problem.trivial()).objective) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sequence": 63}, r"sequence.*8 stretches don't divide 63"),
        ({"stretches": 6}, r"stretches.*4 devices don't divide 6|sequence.*6 stretches"),
        ({"stretches": 4096, "sequence": 4096}, r"stretches.*beyond 1,024"),
        ({"mask": "striped"}, r"mask.*is no mask"),
        ({"mask": {"documents": [3]}}, r"mask.documents.*add up"),
        ({"devices": []}, r"devices.*expected a table"),
        ({"devices": [{"preset": "abacus"}]}, r"devices\[0\].preset.*one of"),
        ({"copies": 0}, r"copies"),
        ({"copies": 10**30}, r"copies.*beyond 10\^15"),
        ({"block": 4}, r"block.*unknown field"),
    ],
)
def test_faults_name_their_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        loaded(**change)


def test_closed_specs_have_faults_too() -> None:
    square = np.ones((4, 4), dtype=np.int64)
    for fields, said in [
        ({"work": square[:2], "speed": [1.0, 1.0]}, r"work.*shape \(2, 4\)"),
        ({"work": -square, "speed": [1.0, 1.0]}, "whole numbers from 0"),
        ({"work": square, "speed": [1.0, 0.0]}, "isn't positive"),
        ({"work": square, "speed": [1.0] * 3}, "3 devices don't divide 4"),
        ({"work": square, "speed": [1.0, 1.0], "devices": ["a", "a"]}, "no two alike"),
    ]:
        with pytest.raises(SpecError, match=said):
            RingAttention(**fields)


def test_a_ring_is_no_schedule_of_placements() -> None:
    with pytest.raises(SpecError, match=r'schedule.*kind = "ring-attention"'):
        dualgap.load({"kind": "attention-placement", "schedule": "ring", "sequence": 64})

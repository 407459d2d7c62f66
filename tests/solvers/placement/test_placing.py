"""Solvers of placements against the proved optimum."""

from __future__ import annotations

import numpy as np
import pytest

import dualgap
from dualgap import AttentionPlacement
from dualgap.solvers.placement.gradient import polished
from dualgap.solvers.placement.relaxation import relaxed
from dualgap.solvers.placement.search import improved, longest_first


@pytest.mark.parametrize("devices", [3, 8])
def test_capacity_proves_mixed_devices(devices: int) -> None:
    problem = AttentionPlacement.generate(32, 1, devices=devices, copies=4)
    run = dualgap.solve(problem, "capacity-fill", isolate=False, time=20)
    assert run.certificate.verdict == "optimal"
    assert run.certificate.evidence == "proved"


def test_repeated_devices_and_blocks_are_filled_once() -> None:
    """Twice two sorts of devices and four copies of each type, in any order."""
    problem = AttentionPlacement(work=2 * np.arange(9) + 1, count=np.full(9, 4), speed=[1.0, 2.5, 2.5, 1.0])
    run = dualgap.solve(problem, "capacity-fill", isolate=False, time=20)
    assert run.certificate.verdict == "optimal"


def test_a_device_too_slow_for_any_block_stays_empty() -> None:
    problem = AttentionPlacement(work=[5, 7], count=[2, 2], speed=[1.0, 0.01])
    run = dualgap.solve(problem, "capacity-fill", isolate=False, time=10)
    assert run.certificate.value == 24
    assert run.answer.counts.tolist() == [[2, 2], [0, 0]]


@pytest.mark.parametrize("solver", ["relaxation-floor", "gradient-placement"])
@pytest.mark.parametrize("family", ["equal", "uniform", "unrelated"])
def test_relaxed_shares_round_within_a_small_gap(family: str, solver: str) -> None:
    problem = AttentionPlacement.generate(48, 3, devices=6, copies=8, family=family)
    run = dualgap.solve(problem, solver, isolate=False)
    assert run.certificate.relative_gap < (1e-3 if solver == "relaxation-floor" or family != "unrelated" else 5e-3)
    assert run.certificate.evidence == "proved"


def test_polished_weights_prove_almost_what_the_relaxation_proves() -> None:
    problem = AttentionPlacement.generate(24, 5, devices=5, copies=4, family="unrelated")
    found = relaxed(problem.times, problem.count)
    assert found is not None
    seconds = problem.times * problem.count
    poor = np.array([0.9, 0.05, 0.03, 0.01, 0.01])
    weights = polished(seconds, poor)
    proved = float((weights[:, None] * seconds).min(axis=0).sum() / weights.sum())
    assert proved <= found.makespan * (1 + 1e-9)
    assert proved >= 0.99 * found.makespan
    assert proved > float((poor[:, None] * seconds).min(axis=0).sum())


@pytest.mark.parametrize("family", ["uniform", "unrelated"])
def test_lenstra_shmoys_tardos_keeps_its_promise(family: str) -> None:
    for seed in range(5):
        problem = AttentionPlacement.generate(6, seed, devices=4, copies=1, family=family)
        run = dualgap.solve(problem, "lenstra-shmoys-tardos", isolate=False)
        best = dualgap.solve(problem, "highs", isolate=False, time=20).certificate.value
        assert float(best) <= float(run.certificate.value) <= 2 * float(best) * (1 + 1e-9)


def test_layouts_place_what_they_say() -> None:
    problem = AttentionPlacement(work=2 * np.arange(8) + 1, count=np.full(8, 3), speed=np.ones(2))
    found = {}
    for pattern in ("contiguous", "striped", "zigzag", "round-robin"):
        run = dualgap.solve(problem, "layout", isolate=False, parameters={"pattern": pattern})
        found[pattern] = run.answer.counts[0].tolist(), run.certificate.value
    assert found["contiguous"] == ([3, 3, 3, 3, 0, 0, 0, 0], 144)
    assert found["striped"] == ([3, 0, 3, 0, 3, 0, 3, 0], 108)
    assert found["zigzag"] == ([3, 3, 0, 0, 0, 0, 3, 3], 96)
    assert found["round-robin"] == ([2, 1, 2, 1, 2, 1, 2, 1], 100)


def test_search_only_ever_helps() -> None:
    rng = np.random.default_rng(0)
    times = rng.uniform(1, 5, (4, 6))
    count = rng.integers(1, 5, 6)
    start = longest_first(times, count, np.zeros((4, 6), dtype=np.int64))
    better = improved(times, start, lambda: False)
    assert (better.sum(axis=0) == count).all()
    assert (times * better).sum(axis=1).max() <= (times * start).sum(axis=1).max()
    assert (improved(times, start, lambda: True) == start).all()


def test_unrelated_devices_are_refused_by_capacity() -> None:
    with pytest.raises(dualgap.NoRouteError, match="uniform devices"):
        dualgap.solve(AttentionPlacement.generate(3, 0, family="unrelated"), "capacity-fill", isolate=False)

"""Statistics of runs, against hand calculations and SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import gmean

from dualgap.core.certificate import Sense
from dualgap.study.statistics.field import Entry, entries
from dualgap.study.statistics.means import bootstrap, shifted_geometric_mean
from dualgap.study.statistics.profiles import data, performance, times
from dualgap.study.statistics.traces import gaps, primal_integral, time_to_gap


def row(**fields: Any) -> dict[str, Any]:
    plain = {
        "kind": "k",
        "problem": "p",
        "label": "a",
        "verdict": "feasible",
        "feasible": 1,
        "value": 10.0,
        "bound": None,
        "evidence": "none",
        "relative_gap": None,
        "seconds": 1.0,
        "seed": 0,
    }
    return {**plain, **fields}


def known(*rows: dict[str, Any], sense: Sense = Sense.MINIMIZE) -> list[Entry]:
    return entries(rows, {"k": sense})


def test_the_true_gap_is_to_the_best_proved_bound() -> None:
    own, other, claimed = known(
        row(bound=5.0, evidence="proved", relative_gap=0.5),
        row(label="b", value=12.0, bound=9.0, evidence="numerical", relative_gap=0.25),
        row(label="c", value=10.0, bound=10.0, evidence="claimed", relative_gap=0.0),
    )
    assert (own.certified, own.true, own.behind) == (0.5, 0.1, 0.0)
    assert (other.certified, other.true) == (0.25, 0.25)
    assert other.behind == pytest.approx(1 / 6)
    assert (claimed.true, claimed.contradicted) == (0.1, False)
    assert own.solved(0.1)
    assert not own.solved(0.05)


def test_without_a_proof_the_best_answer_stands_in() -> None:
    first, second = known(row(), row(label="b", value=11.0))
    assert first.true == second.true == float("inf")
    assert first.solved(0.0)
    assert not second.solved(0.01)
    assert second.solved(0.1)


@pytest.mark.parametrize(("sense", "value"), [(Sense.MINIMIZE, 9.0), (Sense.MAXIMIZE, 11.0)])
def test_a_claimed_bound_that_an_answer_beats_is_refuted(sense: Sense, value: float) -> None:
    liar, honest = known(
        row(verdict="claimed-optimal", bound=10.0, evidence="claimed", relative_gap=0.0),
        row(label="b", value=value),
        sense=sense,
    )
    assert liar.contradicted
    assert not liar.solved(1.0)
    assert honest.solved(0.0)


def test_failures_and_refusals_never_count_as_solved() -> None:
    found = known(
        row(),
        row(label="b", verdict="refused", feasible=0, value=None),
        row(label="c", verdict="error", feasible=0, value=None),
        row(label="d", verdict="nothing", feasible=0, value=3.0),
    )
    assert [entry.solved(1.0) for entry in found] == [True, False, False, False]
    assert found[1].refused
    assert found[2].failed
    profiles = performance(times(found, 1.0))
    assert profiles["a"].solved == 1
    assert all(profiles[name].instances == 1 and profiles[name].solved == 0 for name in "bcd")


def test_performance_profiles_count_every_instance() -> None:
    found = {"a": {"1": 1.0, "2": 4.0, "3": np.inf, "4": np.inf}, "b": {"1": 2.0, "2": 2.0, "3": 8.0}}
    profiles = performance(found)
    assert [profiles["a"].at(mark) for mark in (0.5, 1.0, 1.9, 2.0, 100.0)] == [0.0, 0.25, 0.25, 0.5, 0.5]
    assert [profiles["b"].at(mark) for mark in (1.0, 2.0)] == [0.5, 0.75]
    assert (profiles["b"].solved, profiles["b"].instances) == (3, 4)
    by_seconds = data(found)
    assert [by_seconds["b"].at(mark) for mark in (1.9, 2.0, 8.0)] == [0.0, 0.5, 0.75]


def test_medians_over_seeds() -> None:
    rows = [row(seed=seed, seconds=seconds) for seed, seconds in enumerate((3.0, 1.0, 2.0))]
    assert times(known(*rows), 0.0) == {"a": {"p": 2.0}}
    rows[1] = row(seed=1, verdict="error", feasible=0, value=None)
    rows[2] = row(seed=2, verdict="error", feasible=0, value=None)
    assert times(known(*rows), 0.0) == {"a": {"p": np.inf}}


def test_shifted_geometric_means() -> None:
    values = [0.01, 2.0, 30.0]
    assert shifted_geometric_mean(values, 10.0) == pytest.approx(gmean(np.array(values) + 10.0) - 10.0, rel=1e-12)
    assert shifted_geometric_mean([5.0]) == pytest.approx(5.0)
    assert np.isnan(shifted_geometric_mean([]))


def test_bootstrap_intervals_cover() -> None:
    """Of 200 samples of a known distribution, the interval misses the mean in about 5 %."""
    rng = np.random.default_rng(1)
    covered = 0
    for seed in range(200):
        found = bootstrap(rng.normal(size=60).tolist(), lambda sample: float(sample.mean()), draws=300, seed=seed)
        assert found.low <= found.value <= found.high
        covered += found.low <= 0.0 <= found.high
    assert 175 <= covered <= 200


TRACE = [[0.0, None, 1.0], [1.0, 20.0, 1.0], [2.0, 10.0, None, 7], [3.0, 12.0, 5.0]]


def test_traces() -> None:
    assert gaps(TRACE, 10.0) == [(1.0, 0.5), (2.0, 0.0)]
    assert primal_integral(TRACE, 10.0, 4.0) == pytest.approx((1.0 * 1 + 0.5 * 1 + 0.0 * 2) / 4)
    assert primal_integral([], 10.0, 4.0) == 1.0
    assert primal_integral(TRACE, 10.0, 1.5) == pytest.approx((1.0 + 0.25) / 1.5)
    assert time_to_gap(TRACE, 10.0, 0.5) == 1.0
    assert time_to_gap(TRACE, 10.0, 0.1) == 2.0
    assert time_to_gap(TRACE, 9.0, 0.01) == float("inf")

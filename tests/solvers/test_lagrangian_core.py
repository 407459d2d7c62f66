"""lagrangian-core: optimal and proved on several capacities, honest at limits, whatever it starts from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from dualgap import Knapsack, load, solve
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.claim import Stop, Use
from dualgap.core.errors import NoRouteError
from dualgap.engine.run import Run
from dualgap.problems.branching import Branching
from dualgap.problems.knapsack import KnapsackAnswer
from dualgap.solvers.knapsack.lagrangian_core import LagrangianCore
from tests.problems.several import best_of, several
from tests.solvers.programs import Recorder


def run(problem: Knapsack, nodes: int = 2_000_000, **options: Any) -> Run:
    return solve(problem, LagrangianCore(nodes=nodes), isolate=False, **options)


def proved(problem: Knapsack) -> object:
    certificate = run(problem).certificate
    assert (certificate.verdict, certificate.evidence) == (Verdict.OPTIMAL, Evidence.PROVED), certificate.statement
    return certificate.value


@settings(max_examples=200, deadline=None)
@given(several())
def test_against_enumeration(problem: Knapsack) -> None:
    assert proved(problem) == best_of(problem)


def drawn(seed: int) -> Knapsack:
    """Beyond enumeration: correlated values, copies, equal items, a capacity that doesn't matter, in turn."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(10, 28)), int(rng.integers(2, 7))
    weights = rng.integers(1, 60 if seed % 2 else 8, (m, n))
    values = np.rint(weights.mean(axis=0)).astype(int) + rng.integers(1, 30 if seed % 3 else 4, n)
    capacity = weights.sum(axis=1) // int(rng.integers(2, 5))
    capacity[0] = weights[0].sum() if seed % 5 == 0 else capacity[0]
    return Knapsack(values=values, weights=weights, capacity=capacity, copies=rng.integers(0, 4, n) if seed % 4 else 1)


@pytest.mark.parametrize("seed", range(40))
def test_against_branch_and_cut(seed: int) -> None:
    problem = drawn(seed)
    assert proved(problem) == solve(problem, "highs", isolate=False).certificate.value


def test_published_class_is_proved() -> None:
    problem = Knapsack.generate(60, 3, family="chu-beasley", dimensions=5)
    found = run(problem)
    assert found.certificate.verdict is Verdict.OPTIMAL
    assert "nodes replayed" in found.certificate.argument
    assert found.certificate.value == solve(problem, "highs", isolate=False).certificate.value


def test_decimals_and_rows_in_any_unit() -> None:
    problem = Knapsack.generate(30, 5, family="chu-beasley", dimensions=5)
    units = 10.0 ** np.arange(len(problem.capacity))
    scaled = Knapsack(
        values=problem.values / 8, weights=problem.weights / units[:, None], capacity=problem.capacity / units
    )
    assert float(proved(scaled)) * 8 == proved(problem)


def hard(size: int = 100) -> Knapsack:
    return Knapsack.generate(size, 4, family="chu-beasley", dimensions=5)


@pytest.mark.parametrize(("options", "stop"), [({"nodes": 2000}, Stop.ITERATIONS), ({"time": 0.15}, Stop.TIME)])
def test_limits_keep_the_incumbent_and_a_proved_bound(options: dict[str, Any], stop: Stop) -> None:
    found = run(hard(250), **options)
    assert found.stop is stop
    assert (found.certificate.verdict, found.certificate.evidence) == (Verdict.FEASIBLE, Evidence.PROVED)
    assert found.certificate.relative_gap < 0.01


def test_unfinished_trees_prove_more_than_the_root() -> None:
    root, later = (run(hard(), nodes=nodes).certificate.bound for nodes in (1, 4000))
    assert later < root


def test_the_gap_asked_for_ends_it() -> None:
    found = run(hard(250), gap=0.02)
    assert found.certificate.verdict is Verdict.WITHIN
    assert found.stop is Stop.FINISHED


def test_it_reports_as_it_goes() -> None:
    recorder = Recorder()
    claim = LagrangianCore(nodes=3000).solve(hard(), recorder)
    assert recorder.witnesses[0].rows.shape == hard().capacity.shape
    values = [int(hard().values @ point.counts) for point in recorder.points]
    assert values == sorted(values)
    assert recorder.bounds
    assert claim.value == values[-1]


def test_it_is_deterministic() -> None:
    first, second = (LagrangianCore(nodes=5000).solve(hard(), Recorder()) for _ in range(2))
    assert first.witness == second.witness
    assert isinstance(first.witness, Branching)


def test_starts_are_used_mended_or_ignored() -> None:
    problem = hard(40)
    best = run(problem).answer
    again = LagrangianCore(nodes=1).solve(problem, Recorder(start=best))
    assert again.start is not None
    assert (again.start.use, again.value) == (Use.USED, problem.evaluate(best).objective)
    everything = KnapsackAnswer(counts=np.ones(40, dtype=np.int64))
    mended = LagrangianCore(nodes=1).solve(problem, Recorder(start=everything))
    assert mended.start is not None
    assert mended.start.use is Use.REPAIRED
    other = LagrangianCore(nodes=1).solve(problem, Recorder(start=KnapsackAnswer(counts=np.zeros(3, dtype=np.int64))))
    assert other.start is not None
    assert other.start.use is Use.IGNORED


def test_unbounded_and_empty() -> None:
    endless = Knapsack(values=[1, 2], weights=[[0, 3], [0, 1]], capacity=[4, 4], copies="unbounded")
    assert run(endless).certificate.verdict is Verdict.UNBOUNDED
    assert proved(Knapsack(values=[-1, 0, 5], weights=[[1, 1, 9], [1, 1, 1]], capacity=[4, 4])) == 0
    assert proved(Knapsack(values=[3, 4], weights=[[0, 9], [0, 0]], capacity=[4, 4])) == 3


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (Knapsack(values=[1, 2], weights=[1, 2], capacity=2), "core-knapsack"),
        (Knapsack(values=[2**60, 3], weights=[[1, 1], [2, 1]], capacity=[1, 1]), "too large"),
    ],
)
def test_refusals_say_why(problem: Knapsack, reason: str) -> None:
    with pytest.raises(NoRouteError, match=reason):
        run(problem)


def best_known(folder: Path, name: str) -> int:
    lines = (folder / "best-feasible-slns.txt").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.split()[:1] == [name])


@pytest.mark.shared_data
@pytest.mark.parametrize("instance", [2, 7, 11, 17, 21, 22, 29])
def test_or_library_is_proved(shared_data: Path, instance: int) -> None:
    folder = shared_data / "knapsack" / "mknapcb"
    problem = load({"kind": "knapsack", "file": str(folder / "mknapcb1.txt.gz"), "instance": instance})
    assert proved(problem) == best_known(folder, f"5.100-{instance - 1:02d}")


@pytest.mark.shared_data
def test_or_library_answers_are_close_to_the_best_known(shared_data: Path) -> None:
    folder = shared_data / "knapsack" / "mknapcb"
    problem = load({"kind": "knapsack", "file": str(folder / "mknapcb5.txt.gz"), "instance": 1})
    found = run(problem, nodes=20_000, time=60)
    assert float(found.certificate.value) >= best_known(folder, "10.250-00") * 0.999
    assert float(found.certificate.relative_gap) < 0.006

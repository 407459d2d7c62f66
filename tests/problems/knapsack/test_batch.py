"""Batches of knapsacks: certificates as the single verifier's, exact references, what overflows, faults."""

from __future__ import annotations

import numpy as np
import pytest

import dualgap
from dualgap.core.batch import BatchClaim
from dualgap.core.claim import Outcome
from dualgap.core.verify import verify
from dualgap.core.witness import Multipliers
from dualgap.engine.batch import BatchRun
from dualgap.problems.knapsack import Knapsack, KnapsackAnswer
from dualgap.problems.knapsack.batch import KnapsackBatch, read_batch


def problems(family: str, count: int = 40, size: int = 20, **options: int) -> list[Knapsack]:
    return [Knapsack.generate(size, seed, family=family, **options) for seed in range(count)]


def stacked(many: list[Knapsack]) -> KnapsackBatch:
    return read_batch(
        {name: np.stack([getattr(one, name) for one in many]) for name in ("values", "weights", "capacity")}, "test"
    )


def same_as_single(batch: KnapsackBatch, claim: BatchClaim, gap: float = 0.0) -> None:
    found = batch.verify(claim, gap)
    for index in range(batch.count):
        outcome = Outcome(
            answer=KnapsackAnswer(counts=claim.points[index]),
            feasible=True,
            witness=Multipliers(rows=claim.multipliers[index]),
        )
        single = verify(batch.problem(index), outcome, gap=gap).certificate
        assert found.verdicts[index] == single.verdict
        assert found.evidence[index] == single.evidence
        assert found.values[index] == single.value
        assert found.bounds[index] == single.bound
        assert found.gaps[index] == single.gap
        if single.relative_gap is None:
            assert np.isnan(found.relative_gaps[index])
        else:
            assert found.relative_gaps[index].tobytes() == np.float64(single.relative_gap).tobytes()


@pytest.mark.parametrize("family", ["uncorrelated", "weak", "strong", "subset-sum", "inverse-strong", "profit-ceiling"])
@pytest.mark.parametrize("solver", ["greedy", "dual-ascent", "pgd"])
def test_certificates_are_the_single_verifiers(family: str, solver: str) -> None:
    batch = stacked(problems(family))
    run = dualgap.solve_batch(problems(family), solver)
    rng = np.random.default_rng(0)
    factor = rng.uniform(0.5, 1.5, (batch.count, 1))
    prices = factor * np.median(batch.values / np.maximum(batch.weights, 1), axis=1, keepdims=True)
    same_as_single(batch, BatchClaim(run.answers, prices), 0.05)


@pytest.mark.parametrize("solver", ["greedy", "dual-ascent", "pgd"])
@pytest.mark.parametrize("family", ["uncorrelated", "strong"])
def test_values_and_bounds_enclose_the_optimum(family: str, solver: str) -> None:
    many = problems(family, 12)
    run = dualgap.solve_batch(many, solver)
    for index, problem in enumerate(many):
        optimum = dualgap.solve(problem, "dynamic-programming", isolate=False).certificate.value
        assert run.certificates.values[index] <= optimum <= run.certificates.bounds[index]
        assert problem.evaluate(KnapsackAnswer(counts=run.answers[index])).violations == {}


def test_the_bound_is_dantzigs() -> None:
    many = problems("uncorrelated", 12)
    run = dualgap.solve_batch(many, "greedy")
    singly = [dualgap.solve(one, "greedy", isolate=False).certificate.bound for one in many]
    assert run.certificates.bounds.tolist() == singly


@pytest.mark.parametrize("scale", [1, 2**33, 2**52])
def test_what_int64_cannot_hold_is_counted_in_python_integers(scale: int) -> None:
    base = stacked(problems("uncorrelated", 6, 5))
    batch = KnapsackBatch(base.values * scale, base.weights * scale, base.capacity * scale)
    points = np.zeros(base.values.shape, dtype=np.int64)
    points[:, 0] = 1
    same_as_single(batch, BatchClaim(points, np.ones((6, 1))))


def test_wrong_claims_are_found() -> None:
    batch = stacked(problems("uncorrelated", 4, 6))
    points = np.zeros((4, 6), dtype=np.int64)
    points[0] = 1  # too heavy
    points[1, 0] = -1
    prices = np.array([[1.0], [1.0], [-1.0], [1e-300]])
    same_as_single(batch, BatchClaim(points, prices))
    found = batch.verify(BatchClaim(points, np.full((4, 1), np.nan)))
    assert found.verdicts.tolist() == ["violated", "violated", "feasible", "feasible"]
    assert set(found.evidence) == {"none"}


def test_odd_items() -> None:
    """Nothing to gain, weightless, too heavy, negative, one common divisor, no capacity."""
    batch = KnapsackBatch(
        np.array([[0, 0, 0], [5, 7, -2], [6, 12, 30], [-1, -2, -3], [4, 8, 12]]),
        np.array([[1, 2, 3], [0, 3, 1], [2, 3, 99], [1, 1, 1], [1, 2, 4]]),
        np.array([3, 2, 5, 2, 0]),
    )
    for solver in ("greedy", "dual-ascent", "pgd"):
        arrays = {"values": batch.values, "weights": batch.weights, "capacity": batch.capacity}
        run = dualgap.solve_batch(arrays, solver)
        assert set(run.certificates.verdicts) == {"optimal"}, solver
        assert run.certificates.values.tolist() == [0, 5, 18, 0, 0]


def answers(run: BatchRun) -> list[list[int]]:
    return [column.tolist() for column in (run.answers, run.certificates.values, run.certificates.bounds)]


def test_chunks_change_nothing() -> None:
    many = problems("strong", 50)
    assert answers(dualgap.solve_batch(many, chunk=7)) == answers(dualgap.solve_batch(many))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"values": [[1]], "weights": [[1]]}, "capacity: missing"),
        ({"values": [[1]], "weights": [[-1]], "capacity": [1]}, "negative"),
        ({"values": [[1.5]], "weights": [[1]], "capacity": [1]}, "whole numbers"),
        ({"values": [[1]], "weights": [[1, 2]], "capacity": [1]}, "shapes don't match"),
        ({"values": [[1]], "weights": [[1]], "capacity": [[[1]]]}, "has shape"),
        ({"values": [[1]], "weights": [["a"]], "capacity": [1]}, "number"),
        ({"values": [[1]], "weights": [[1]], "capacity": [1], "copies": [2]}, "no such array"),
        ({"values": np.zeros((0, 3), dtype=int), "weights": np.zeros((0, 3), dtype=int), "capacity": []}, "shapes"),
    ],
)
def test_faults(given: dict[str, object], said: str) -> None:
    with pytest.raises(dualgap.SpecError, match=said):
        dualgap.solve_batch(given)

"""Sharding of operators: every choice gone through, prices of memory against the optimum, faults by their place."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dualgap
from dualgap import OperatorSharding, SpecError
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Exhaustion
from dualgap.problems.operator_sharding import Sharding
from dualgap.problems.operator_sharding.elimination import cheapest, widest
from dualgap.problems.operator_sharding.proofs import LeastMemory, MemoryPrice
from dualgap.problems.operator_sharding.views import decode, encode, program
from tests.conformance.placing import sharding


def drawn(seed: int) -> OperatorSharding:
    """Four operators in one to three layers, joined at random, in decimals."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, 4)
    every = [(i, j) for i in range(4) for j in range(4) if i != j]
    pairs = [every[k] for k in rng.choice(len(every), int(rng.integers(0, 6)), replace=False)]
    heads = rng.choice(4, int(rng.integers(0, 3)), replace=False)
    output = int(rng.integers(4))
    joined = [*pairs, *((output, int(h)) for h in heads)]
    return OperatorSharding(
        layers=int(rng.integers(1, 3 if sizes.prod() > 24 else 4)),
        strategies=sizes,
        seconds=np.round(rng.uniform(0, 5, sizes.sum()), 2),
        memory=np.round(rng.uniform(0, 5, sizes.sum()), 2),
        limit=50.0,
        pairs=np.array(pairs).reshape(-1, 2) if pairs else np.array([]),
        output=output,
        heads=heads,
        resharding=np.concatenate([np.round(rng.uniform(0, 3, sizes[i] * sizes[j]), 2) for i, j in joined] or [[]]),
    )


def limited(problem: OperatorSharding, limit: float) -> OperatorSharding:
    """The same with another limit."""
    return OperatorSharding(
        **{name: getattr(problem, name) for name in OperatorSharding.model_fields} | {"limit": limit}
    )


def every_choice(problem: OperatorSharding) -> np.ndarray:
    """(n, layers, operators)."""
    layer = [range(size) for size in problem.sizes]
    return np.array(list(product(*layer * problem.layers))).reshape(-1, problem.layers, len(problem.sizes))


def time_and_memory(problem: OperatorSharding, choice: np.ndarray) -> tuple[float, float]:
    """By the definition, from the flat fields."""
    starts = np.cumsum([0, *problem.sizes[:-1]])
    time = float(problem.seconds[choice + starts].sum())
    at = 0
    for i, j in problem.pairs.reshape(-1, 2).astype(int):
        time += sum(float(problem.resharding[at + row[i] * problem.sizes[j] + row[j]]) for row in choice)
        at += problem.sizes[i] * problem.sizes[j]
    for head in problem.heads.astype(int):
        width = problem.sizes[head]
        follow = pairwise(choice)
        time += sum(float(problem.resharding[at + one[problem.output] * width + two[head]]) for one, two in follow)
        at += problem.sizes[problem.output] * width
    return time, float(problem.memory[choice + starts].sum())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.3, 2.0]))
def test_elimination_finds_the_cheapest_choice_at_a_price(seed: int, price: float) -> None:
    problem = drawn(seed)
    seen = [time + price * memory for time, memory in (time_and_memory(problem, one) for one in every_choice(problem))]
    found = cheapest(problem, price)
    assert found.value == pytest.approx(min(seen), rel=1e-12, abs=1e-12)
    time, memory = time_and_memory(problem, found.choice)
    assert time + price * memory == pytest.approx(found.value, rel=1e-12, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_evaluation_is_the_definition(seed: int) -> None:
    problem = drawn(seed)
    rng = np.random.default_rng(seed)
    choice = rng.integers(0, problem.sizes, (problem.layers, len(problem.sizes)))
    time, memory = time_and_memory(problem, choice)
    found = problem.evaluate(Sharding(choice=choice))
    assert float(found.objective) == pytest.approx(time, rel=1e-12)
    assert float(found.metrics["memory"]["used"]) == pytest.approx(memory, rel=1e-12)
    assert bool(found.violations) == (memory > 50.0 + 1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 10, allow_nan=False))
def test_no_price_proves_more_than_the_optimum(seed: int, price: float) -> None:
    problem, optimum, _, _ = sharding(np.random.default_rng(seed))
    if optimum is not None:
        assert problem.bound(MemoryPrice(price=price)).value <= Fraction(optimum)


def test_a_bound_is_the_dual_but_for_rounding() -> None:
    problem = OperatorSharding.generate(96, 3, strategies=8)
    price = 0.37
    exact = cheapest(problem, price).value - price * float(problem.limit)
    assert float(problem.bound(MemoryPrice(price=price)).value) == pytest.approx(exact, rel=1e-9)
    assert float(problem.bound(MemoryPrice(price=price)).value) < exact


def test_tables_know_their_size_beforehand() -> None:
    assert widest(OperatorSharding.generate(4, 1, strategies=5)) in (5**3, 5**4)
    rng = np.random.default_rng(0)
    every = np.array([(i, j) for i in range(6) for j in range(i)])
    joined = OperatorSharding(
        layers=2,
        strategies=np.full(6, 20),
        seconds=rng.random(120),
        memory=rng.random(120),
        limit=6.0,
        pairs=every,
        resharding=rng.random(400 * len(every)),
    )
    assert widest(joined) >= 20**5
    with pytest.raises(dualgap.NoRouteError, match="elimination would make a table of"):
        dualgap.solve(joined, "memory-price", isolate=False)
    with pytest.raises(InvalidWitnessError, match="more than"):
        joined.bound(MemoryPrice(price=1.0))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_the_integer_program_is_the_problem(seed: int) -> None:
    problem = drawn(seed)
    form = program(problem)
    choice = np.random.default_rng(seed).integers(0, problem.sizes, (problem.layers, len(problem.sizes)))
    point = encode(problem, Sharding(choice=choice))
    time, memory = time_and_memory(problem, choice)
    rows = form.matrix @ point
    assert form.cost @ point == pytest.approx(time)
    assert rows[0] == pytest.approx(memory)
    assert (rows[1:] <= form.row_upper[1:] + 1e-12).all()
    assert (rows[1:] >= form.row_lower[1:] - 1e-12).all()
    assert np.array_equal(decode(problem, point).choice, choice)


def test_rounded_points_are_brought_within_memory() -> None:
    problem = OperatorSharding.generate(5, 2, strategies=4, tightness=0.2)
    fastest = np.tile([int(part.argmin()) for part in problem.node_seconds], (5, 1))
    assert problem.evaluate(Sharding(choice=fastest)).violations
    assert not problem.evaluate(decode(problem, encode(problem, Sharding(choice=fastest)))).violations


def test_too_little_memory_is_proved() -> None:
    problem = OperatorSharding.generate(3, 1, tightness=0.0)
    enough, short = (limited(problem, share * float(problem.least_memory)) for share in (1.0, 0.99))
    run = dualgap.solve(short, "memory-price", isolate=False)
    assert run.certificate.verdict == "infeasible"
    assert run.certificate.evidence == "proved"
    assert "above the limit" in short.explain_infeasible()
    with pytest.raises(InvalidWitnessError, match="the least memory fits"):
        enough.bound(LeastMemory())


def test_broken_choices_and_witnesses_are_named() -> None:
    problem = OperatorSharding.generate(2, 1)
    good = np.tile(problem.leanest, (2, 1))
    assert "a strategy for each operator" in problem.evaluate(Sharding(choice=good[:1])).violations
    for wrong in (0.5, -1, 3):
        bad = good.astype(float)
        bad[1, 2] = wrong
        assert "strategies that there are" in problem.evaluate(Sharding(choice=bad)).violations
    with pytest.raises(InvalidWitnessError, match="takes no exhaustion"):
        problem.bound(Exhaustion())
    for price in (-1.0, float("inf"), float("nan")):
        with pytest.raises((InvalidWitnessError, ValueError), match="price"):
            problem.bound(MemoryPrice(price=price))


ONE = {"name": "up", "strategies": {"whole": {"seconds": 1, "memory": 2}, "split": {"seconds": 2, "memory": 1}}}
TWO = {**ONE, "name": "down"}


def edge(**changed: Any) -> dict[str, Any]:
    return {"from": "up", "to": "down", "seconds": [[0, 1], [1, 0]], **changed}


def test_named_operators_become_places() -> None:
    problem = dualgap.load(
        {
            "kind": "operator-sharding",
            "layers": 3,
            "limit": 9,
            "output": "down",
            "operator": [ONE, TWO],
            "edge": [edge(), edge(**{"from": "down", "to": "up", "next": True, "seconds": [[0, 2], [3, 0]]})],
        }
    )
    assert isinstance(problem, OperatorSharding)
    assert problem.pairs.tolist() == [[0, 1]]
    assert (problem.output, problem.heads.tolist()) == (1, [0])
    assert problem.resharding.tolist() == [0, 1, 1, 0, 0, 2, 3, 0]
    run = dualgap.solve(problem, "highs", isolate=False)
    assert float(run.certificate.value) == 3 * 1 + 3 * 2 + 1  # three operators whole, three split, moved once
    assert problem.render(run.answer)[0][0] == "operator"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"operator": []}, "operator: expected a table for each"),
        ({"operator": [{"name": "up"}]}, r"operator\[0\]: expected a name and strategies"),
        ({"operator": [ONE, ONE]}, r"operator\[1\].name: 'up' occurs twice"),
        (
            {"operator": [{"name": "x", "strategies": {"a": {"seconds": 1}}}]},
            r"strategies.a: expected seconds and memory",
        ),
        ({"operator": [{"name": "x", "strategies": {"a": {"seconds": "?", "memory": 1}}}]}, r"strategies.a.seconds"),
        ({"operator": [ONE], "output": "down"}, "output: unknown operator 'down'"),
        ({"operator": [ONE], "output": 7}, "output: 7 isn't an operator"),
        ({"operator": [ONE, TWO], "edge": [edge(to="gate")]}, r"edge\[0\].to: unknown operator 'gate'"),
        ({"operator": [ONE, TWO], "edge": [edge(to=["gate"])]}, r"edge\[0\].to: unknown operator"),
        ({"operator": [ONE, TWO], "edge": [{"from": "up"}]}, r"edge\[0\]: expected from, to and seconds"),
        ({"operator": [ONE, TWO], "edge": [edge(seconds=[[1, 2]])]}, r"edge\[0\].seconds: shape \(1, 2\)"),
        ({"operator": [ONE, TWO], "edge": [edge(next=True)]}, r"edge\[0\].next: true, and only from"),
        ({"operator": [ONE, TWO], "edge": [edge(to="up")]}, "pairs: an operator joined with itself"),
        ({"operator": [ONE, TWO], "edge": [edge(seconds=[[0, -1], [0, 0]])]}, "resharding: an entry below 0"),
        ({"edge": [edge()]}, "operator: missing, and edges are given"),
        ({"operator": [ONE], "layers": 0}, "layers: 0 layers of 2 strategies"),
        ({"operator": [ONE], "layers": 10**7}, "layers: 10,000,000 layers"),
        ({"operator": [ONE], "limit": -1}, "limit: -1 is no memory"),
        ({"strategies": [2], "seconds": [1], "memory": [1, 1]}, "seconds: 1 entries, with 2 strategies"),
        ({"strategies": [0], "seconds": [], "memory": []}, "strategies: holds something else"),
        ({"strategies": [1], "seconds": [-1], "memory": [1]}, "seconds: an entry below 0"),
        ({"strategies": [1], "seconds": [1], "memory": [1], "heads": [4]}, "heads: an entry that isn't an operator"),
        ({"strategies": [1], "seconds": [1], "memory": [1], "heads": [0]}, "resharding: 0 entries, not 1"),
        ({"strategies": [1], "seconds": [1], "memory": [1], "names": ["a", "b"]}, "names: 2 names for 1"),
    ],
)
def test_bad_specs_name_the_place(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        dualgap.load({"kind": "operator-sharding", "layers": 2, "limit": 5, **fields})

"""Every number of an explanation, redone with pencil and paper, on random problems and with any witness."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap.core.certificate import Sense
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import fraction, nearest
from dualgap.core.explain.blocks import Block, Paragraph, number
from dualgap.core.problem import Problem
from dualgap.core.witness import FarkasRay, Multipliers, Witness
from dualgap.problems.branching import Branching
from dualgap.problems.coin_change.spec import CoinChange
from dualgap.problems.integer_program.spec import IntegerProgram
from dualgap.problems.knapsack.proofs import Replay
from dualgap.problems.knapsack.spec import Knapsack
from tests.core.explain.redo import concluded, equations, gains, read, section

WHY = "Why nothing"
SHOWN = 100  # nothing is left out
whole = st.integers(0, 30)
tenths = st.integers(0, 300).map(lambda n: n / 10)
prices = st.one_of(st.integers(-8, 8).map(float), st.floats(-8, 8))


@st.composite
def knapsacks(draw: st.DrawFn, rows: int = 2) -> Knapsack:
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, rows))
    numbers = draw(st.sampled_from([whole, tenths]))
    return Knapsack(
        values=[draw(numbers) for _ in range(n)],
        weights=[[draw(numbers) for _ in range(n)] for _ in range(m)],
        capacity=[draw(numbers) for _ in range(m)],
        copies=draw(st.integers(1, 3)),
    )


@st.composite
def programs(draw: st.DrawFn) -> IntegerProgram:
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    signed = st.integers(-9, 9)
    below, above = st.sampled_from([-np.inf, -7, 0, 3]), st.sampled_from([3, 12, np.inf])
    return IntegerProgram(
        objective=draw(st.sampled_from(["minimize", "maximize"])),
        cost=[draw(signed) for _ in range(n)],
        matrix=[[draw(signed) for _ in range(n)] for _ in range(m)],
        row_lower=[draw(below) for _ in range(m)],
        row_upper=[draw(above) for _ in range(m)],
        lower=[draw(st.integers(-5, 0)) for _ in range(n)],
        upper=[draw(st.integers(1, 5)) for _ in range(n)],
        integer=[draw(st.integers(0, 1)) for _ in range(n)],
        offset=draw(st.integers(-5, 5)),
    )


@st.composite
def currencies(draw: st.DrawFn) -> CoinChange:
    coins = draw(st.lists(st.integers(1, 30), min_size=1, max_size=5, unique=True))
    return CoinChange(coins=coins, amount=draw(st.integers(1, 90)), copies=draw(st.sampled_from(["unbounded", 3])))


def redone(problem: Problem, witness: Witness, answer: object = None) -> list[Block]:
    """The proof's blocks; every equation of the explanation holds, and the end is what the verifier says."""
    blocks = problem.explain(answer, witness, shown=SHOWN)
    proof = section(blocks, WHY)
    for line, sides in equations([*section(blocks, "The answer"), *proof]):
        assert len(set(sides)) == 1, line
    try:
        bound = problem.bound(witness)
    except InvalidWitnessError:
        assert not proof, "nothing is said of what proves nothing"
        return proof
    assert proof
    limits = concluded(proof)
    if limits and abs(nearest(bound.value)) < np.inf:
        target = fraction(bound.value)
        short = limits[-1] - target if problem.sense is Sense.MAXIMIZE else target - limits[-1]
        assert short <= abs(target) / 10**9, "as good as the verifier's, where it isn't rounded but for a hair"
    return proof


@settings(max_examples=200, deadline=None)
@given(problem=st.one_of(knapsacks(), programs(), currencies()), data=st.data())
def test_proofs_by_prices(problem: Problem, data: st.DataObject) -> None:
    rows = problem.views()[0].build().size[1]  # type: ignore[attr-defined]
    price = prices.map(abs) if isinstance(problem, Knapsack) else prices
    proof = redone(problem, Multipliers(rows=np.array([data.draw(price) for _ in range(rows)])))
    limits = concluded(proof)
    if not limits:
        return
    *columns, (_, [total, *_]) = equations(proof)
    inwards = limits[0] - total if problem.sense is Sense.MINIMIZE else total - limits[0]
    assert inwards >= 0, "a limit is moved to the objective's lattice, never away from the optimum"
    assert len(columns) == problem.size, "a line for each column"  # type: ignore[attr-defined]


@settings(max_examples=100, deadline=None)
@given(problem=knapsacks(rows=1), price=st.floats(0, 8), incumbent=st.integers(-1, 400), count=st.integers(-3, 3))
def test_proofs_by_replay(problem: Knapsack, price: float, incumbent: int, count: int) -> None:
    redone(problem, Replay(rows=np.array([price]), incumbent=incumbent, count=float(count)))


@settings(max_examples=60, deadline=None)
@given(problem=programs(), data=st.data())
def test_combinations_that_can_not_be_met(problem: IntegerProgram, data: st.DataObject) -> None:
    weights = [data.draw(prices) for _ in problem.rows]
    redone(problem, FarkasRay(rows=np.array(weights)))


@settings(max_examples=200, deadline=None)
@given(problem=knapsacks(rows=1), price=st.integers(0, 400), incumbent=st.integers(-1, 300))
def test_what_a_replay_fixes_follows_from_what_is_printed(problem: Knapsack, price: int, incumbent: int) -> None:
    proof = redone(problem, Replay(rows=np.array([price / 100]), incumbent=incumbent))
    said = [block.text for block in proof if isinstance(block, Paragraph) and "to lose at most" in block.text]
    if not said:
        return
    (found,) = re.findall(r"there is (\S+) to .* fixes (\S+) of (\S+) items", said[0])
    slack, fixed, items = map(read, found)
    columns = [sides[0] for line, sides in equations(proof) if line.label]
    matter = [abs(reduced) for reduced, j in zip(columns, range(problem.size)) if _matters(problem, j)]
    assert (fixed, items) == (sum(reduced > slack for reduced in matter), len(matter)), said


def _matters(problem: Knapsack, j: int) -> bool:
    return bool(problem.values[j] > 0 and problem.weights[0, j] > 0 and problem.limits[j] > 0)


def test_room_that_no_weight_can_use_is_left_out_and_said() -> None:
    problem = Knapsack(values=[44, 24, 59, 36, 41, 34], weights=[48, 24, 38, 40, 52, 42], capacity=105)
    proof = redone(problem, Replay(rows=np.array([0.96]), incumbent=120))
    texts = " ".join(block.text for block in proof if isinstance(block, Paragraph))
    assert "multiples of 2, so that the capacity is 104" in texts
    assert "takes 121, so there is 1.9 to lose at most" in texts  # 104 * 0.95 + 1.2 + 22.9 = 122.9
    assert "fixes 4 of 6 items" in texts
    assert gains(proof) == [Fraction("1.2"), Fraction("22.9")]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ([-1], "Prices at its root suffice. Each of its 1 last parts"),
        ([3, -1, -1], "First come those with at most 1 item, then those with more, and so on. Each of its 2"),
        ([2, -1, -1], "First come those with at most 1 of rope, then"),
    ],
)
def test_a_tree_is_told_in_words(columns: list[int], said: str) -> None:
    weights = [[10, 20, 30], [1, 1, 1]]
    problem = Knapsack(values=[60, 100, 120], weights=weights, capacity=[50, 2], names=["tent", "stove", "rope"])
    nodes = len(columns)
    tree = Branching(
        incumbent=220, columns=columns, thresholds=[1] * nodes, prices=np.tile([0.2, 0.0, 0.0], (nodes, 1))
    )
    (paragraph,) = redone(problem, tree)
    assert isinstance(paragraph, Paragraph)
    assert f"A tree of {nodes} nodes" in paragraph.text
    assert said in paragraph.text
    assert f"nothing in it exceeds {number(problem.bound(tree).value)}." in paragraph.text

"""Generated instances obey the equations that define their classes."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from dualgap import CoinChange, Knapsack, load
from dualgap.core.errors import UsageError
from dualgap.problems.coin_change.generate import EURO_CENTS
from dualgap.problems.knapsack.generate import MULTIPLES, Family

R = 1000
FAMILIES = get_args(Family)


def drawn(family: str, size: int = 2000, **options: object) -> tuple[np.ndarray, np.ndarray]:
    problem = Knapsack.generate(size, 7, family=family, range=R, **options)
    return problem.values, problem.weights[0]


def within(data: np.ndarray, low: int, high: int) -> bool:
    return bool((data >= low).all() and (data <= high).all())


def test_uncorrelated_fills_the_range() -> None:
    p, w = drawn("uncorrelated")
    assert within(p, 1, R)
    assert within(w, 1, R)
    assert abs(np.corrcoef(p, w)[0, 1]) < 0.1


def test_weak_stays_within_a_tenth_of_the_range() -> None:
    p, w = drawn("weak")
    assert within(p - w, -R // 10, R // 10)
    assert within(p, 1, R + R // 10)
    assert (p != w).any()


def test_strong_adds_a_tenth_of_the_range() -> None:
    p, w = drawn("strong")
    assert (p == w + R // 10).all()
    assert within(w, 1, R)


def test_inverse_strong_takes_it_off() -> None:
    p, w = drawn("inverse-strong")
    assert (w == p + R // 10).all()
    assert within(p, 1, R)


def test_almost_strong_spreads_by_a_five_hundredth() -> None:
    p, w = drawn("almost-strong")
    assert set((p - w).tolist()) == set(range(R // 10 - R // 500, R // 10 + R // 500 + 1))


def test_subset_sum_is_worth_its_weight() -> None:
    p, w = drawn("subset-sum")
    assert (p == w).all()


def test_similar_weights_lie_in_a_hundred() -> None:
    p, w = drawn("similar-weights")
    assert within(w, 100_000, 100_100)
    assert within(p, 1, R)


@pytest.mark.parametrize("family", ["spanner-uncorrelated", "spanner-weak", "spanner-strong"])
def test_spanner_items_are_multiples_of_two(family: str) -> None:
    p, w = drawn(family)
    pairs = {(int(a), int(b)) for a, b in zip(p, w, strict=True)}
    assert len(pairs) <= 2 * MULTIPLES
    roots = [pair for pair in pairs if not any(multiple(pair, other) for other in pairs - {pair})]
    assert 1 <= len(roots) <= 2
    assert all(any(multiple(pair, root) or pair == root for root in roots) for pair in pairs)


def multiple(pair: tuple[int, int], root: tuple[int, int]) -> bool:
    return any(pair == (a * root[0], a * root[1]) for a in range(2, MULTIPLES + 1))


def test_multiple_strong_has_two_surpluses() -> None:
    p, w = drawn("multiple-strong")
    assert (p - w == np.where(w % 6 == 0, 300, 200)).all()


def test_profit_ceiling_rounds_up_to_threes() -> None:
    p, w = drawn("profit-ceiling")
    assert (p % 3 == 0).all()
    assert within(p - w, 0, 2)


def test_circle_lies_on_the_ellipse() -> None:
    p, w = drawn("circle")
    square = (3 * p) ** 2 + 4 * (w - 2 * R) ** 2
    above = (3 * (p + 1)) ** 2 + 4 * (w - 2 * R) ** 2
    assert (square <= 16 * R**2).all()
    assert (above > 16 * R**2).all()


def test_chu_beasley_adds_half_the_range_to_the_mean_weight() -> None:
    problem = Knapsack.generate(500, 3, family="chu-beasley", dimensions=5, range=R)
    surplus = problem.values - problem.weights.mean(axis=0)
    assert problem.weights.shape == (5, 500)
    assert surplus.min() > 0
    assert surplus.max() <= R / 2 + 1


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dimensions", [1, 3])
def test_every_family_is_deterministic_and_valid(family: str, dimensions: int) -> None:
    options = {"family": family, "dimensions": dimensions}
    first = Knapsack.generate(20, 1, **options)
    assert first == Knapsack.generate(20, 1, **options)
    assert first != Knapsack.generate(20, 2, **options)
    assert first.weights.shape == (dimensions, 20)
    assert first.values.min() > 0


def test_seeds_are_a_promise() -> None:
    """Changing the draws would change every published instance that a spec names by its seed."""
    problem = Knapsack.generate(5, 1)
    assert problem.weights.tolist() == [[474, 512, 756, 951, 35]]
    assert problem.values.tolist() == [145, 823, 949, 250, 312]


def test_capacity_follows_the_ratio_or_the_series() -> None:
    total = int(Knapsack.generate(50, 0).weights.sum())
    assert Knapsack.generate(50, 0).capacity.tolist() == [total // 2]
    assert Knapsack.generate(50, 0, capacity_ratio=0.25).capacity.tolist() == [total // 4]
    assert Knapsack.generate(50, 0, h=3, series=10).capacity.tolist() == [3 * total // 11]
    assert Knapsack.generate(50, 0, copies=4).capacity.tolist() == [2 * total]
    assert Knapsack.generate(50, 0, copies="unbounded").copies == "unbounded"


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (Knapsack, {"famly": "weak"}, "no option 'famly'"),
        (Knapsack, {"family": "weakish"}, "'almost-strong'"),
        (Knapsack, {"range": "wide"}, "range: "),
        (Knapsack, {"capacity_ratio": 1.5}, "capacity_ratio: "),
        (CoinChange, {"amonut": 3}, "options: family, amount"),
        (CoinChange, {"family": "hard", "amount": 4}, "has 3 coins"),
        (CoinChange, {"amount": 100}, "coins up to amount/50"),
        (CoinChange, {"family": "euro"}, "15 euro coins"),
    ],
)
def test_unknown_and_impossible_options_name_the_known_ones(kind: type, options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match="generator") as caught:
        kind.generate(30, 0, **options)
    assert said in str(caught.value)


def test_random_coins_hold_one_and_stay_below_a_fiftieth() -> None:
    problem = CoinChange.generate(100, 4, amount=10**6)
    assert problem.coins[0] == 1
    assert problem.coins.max() <= 10**6 // 50
    assert len(set(problem.coins.tolist())) == 100
    assert problem == CoinChange.generate(100, 4, amount=10**6)


def test_hard_coins_lie_between_the_root_and_twice_the_root() -> None:
    problem = CoinChange.generate(12, 4, family="hard", amount=10**7)
    assert len(set(problem.coins.tolist())) == 12
    assert (problem.coins.astype(object) ** 2 >= 10**7 - 2 * problem.coins).all()
    assert problem.coins.max() <= 2 * 3163


def test_euro_coins_are_the_first_of_the_series() -> None:
    assert CoinChange.generate(8, 0, family="euro").coins.tolist() == list(EURO_CENTS[:8])


def test_a_spec_may_be_generated_and_say_more() -> None:
    spec = {"kind": "knapsack", "generate": {"family": "strong", "size": 30, "seed": 5, "range": 100}}
    assert load(spec) == Knapsack.generate(30, 5, family="strong", range=100)
    assert load({**spec, "capacity": 17}).capacity.tolist() == [17]
    assert load({"kind": "knapsack", "generate": {"size": 30}}, seed=9) == Knapsack.generate(30, 9)

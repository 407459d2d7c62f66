"""Risks, their optima and the error bounds, against exact arithmetic and SciPy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from dualgap import Evidence, MinimaxRegret
from dualgap.problems.minimax_regret import GroupWeights
from dualgap.problems.minimax_regret.rounding import least_eigenvalue


def drawn(seed: int, **options: object) -> MinimaxRegret:
    return MinimaxRegret.generate(3, seed, **options)


def exact_risk(problem: MinimaxRegret, theta: np.ndarray, group: str) -> Fraction:
    """Mean squared error and penalty, in rational arithmetic; decimals as they are written."""
    point = [Fraction(value) for value in theta.tolist()]
    rows = [i for i, name in enumerate(problem.groups) if name == group]
    total = Fraction(0)
    for i in rows:
        x = [Fraction(str(value)) for value in problem.features[i].tolist()] + [Fraction(1)]
        total += (sum(a * b for a, b in zip(x, point)) - Fraction(str(problem.label[i].item()))) ** 2
    return total / len(rows) + Fraction(str(problem.ridge)) / 2 * sum(value**2 for value in point)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-3, 1.0, 1e3]))
def test_squared_risks_are_within_their_error_bounds(seed: int, scale: float) -> None:
    problem = drawn(seed, samples=3)
    theta = scale * np.random.default_rng(seed).normal(size=4)
    values, errors = problem.risks.values(theta), problem.risks.errors(theta)
    for s, name in enumerate(problem.group_names):
        off = abs(Fraction(float(values[s])) - exact_risk(problem, theta, name))
        assert off <= Fraction(float(errors[s]))
        assert errors[s] <= 1e-11 * (1.0 + values[s])


def solved_exactly(problem: MinimaxRegret, weights: dict[str, Fraction]) -> Fraction:
    """The least weighted risk through the normal equations in rational arithmetic."""
    ridge, d = Fraction(str(problem.ridge)), problem.features.shape[1] + 1
    table = [[Fraction(0)] * d for _ in range(d)]
    right, constant = [Fraction(0)] * d, Fraction(0)
    for name, weight in weights.items():
        rows = [i for i, group in enumerate(problem.groups) if group == name]
        for i in rows:
            x = [Fraction(str(v)) for v in problem.features[i].tolist()] + [Fraction(1)]
            y, share = Fraction(str(problem.label[i].item())), weight / len(rows)
            table = [[table[a][b] + 2 * share * x[a] * x[b] for b in range(d)] for a in range(d)]
            right = [right[a] + 2 * share * x[a] * y for a in range(d)]
            constant += share * y * y
        table = [[table[a][b] + weight * ridge * (a == b) for b in range(d)] for a in range(d)]
    full = [[*row, value] for row, value in zip(table, right)]
    for a in range(d):
        full[a] = [value / full[a][a] for value in full[a]]
        for b in range(d):
            if b != a:
                full[b] = [u - full[b][a] * v for u, v in zip(full[b], full[a])]
    return constant - sum(a * row[-1] for a, row in zip(right, full)) / 2


@pytest.mark.parametrize("seed", range(5))
def test_least_risks_lie_between_their_bounds(seed: int) -> None:
    problem = drawn(seed, samples=5)
    optima = problem.risks.optima
    assert optima.proved.all()
    for s, name in enumerate(problem.group_names):
        true = solved_exactly(problem, {name: Fraction(1)})
        assert Fraction(float(optima.lower[s])) <= true <= Fraction(float(optima.upper[s]))
        assert optima.upper[s] - optima.lower[s] <= 1e-10


@pytest.mark.parametrize("goal", ["regret", "risk", "ratio"])
@pytest.mark.parametrize("seed", range(4))
def test_proved_bounds_hold_in_exact_arithmetic(seed: int, goal: str) -> None:
    problem = drawn(seed, samples=3, goal=goal)
    floats = np.random.default_rng(seed).dirichlet(np.full(3, 0.5))
    given = {name: Fraction(weight) for name, weight in zip(problem.group_names, floats.tolist())}
    own = {name: solved_exactly(problem, {name: Fraction(1)}) for name in given}
    bound = problem.bound(GroupWeights(weights=floats))
    if goal == "ratio":
        upper = problem.risks.optima.upper
        scaled = {name: Fraction(float(floats[s] / upper[s])) for s, name in enumerate(given)}
        true = solved_exactly(problem, scaled) / sum(scaled[name] * own[name] for name in given)
    else:
        shift = sum(given[name] * own[name] for name in given) if goal == "regret" else 0
        true = (solved_exactly(problem, given) - shift) / sum(given.values())
    assert bound.evidence is Evidence.PROVED
    assert Fraction(float(bound.value)) <= true
    assert true <= Fraction(float(bound.value)) + Fraction(2.0 * bound.margin)


@pytest.mark.parametrize("seed", range(3))
def test_logistic_fits_are_minima(seed: int) -> None:
    problem = drawn(seed, family="classification")
    weights = np.random.default_rng(seed).dirichlet(np.ones(3))
    theta = problem.risks.fit(weights)
    other = minimize(lambda t: weights @ problem.risks.values(t), np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    floor = problem.risks.floor(weights)
    assert weights @ problem.risks.values(theta) <= other.fun + 1e-12
    assert floor.value <= other.fun
    assert other.fun - floor.value <= 1e-9
    assert np.abs(weights @ problem.risks.gradients(theta)).max() <= 1e-9


def test_a_fit_with_huge_features_ends() -> None:
    problem = MinimaxRegret(
        features=[[1e4], [-1e4], [2e4], [1.0]], label=[1, 0, 1, 0], groups=list("aabb"), loss="logistic", ridge=1e-6
    )
    assert np.isfinite(problem.pooled).all()
    assert (problem.risks.optima.upper - problem.risks.optima.lower <= 1e-9).all()


@pytest.mark.parametrize("seed", range(20))
def test_proved_eigenvalues_are_not_too_large(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.sort(10.0 ** rng.uniform(-8, 2, 4))
    basis = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    matrix = (basis * values) @ basis.T
    matrix = (matrix + matrix.T) / 2
    proved = least_eigenvalue(matrix, 0.0)
    assert 0.0 <= proved <= values[0] * (1 + 1e-6) + 1e-13
    if values[0] > 1e-10 * values[-1]:
        assert proved >= 0.4 * values[0]


def test_singular_and_indefinite_matrices_prove_nothing() -> None:
    assert least_eigenvalue(np.diag([1.0, 0.0]), 0.0) == 0.0
    assert least_eigenvalue(np.diag([1.0, -1e-3]), 0.0) == 0.0
    assert least_eigenvalue(np.diag([1.0, 1e-3]), 1e-2) == 0.0


def test_more_features_than_samples_have_no_modulus_and_say_so() -> None:
    problem = MinimaxRegret(
        features=[[1.0, 2.0], [0.0, 1.0], [3.0, 1.0]], label=[1.0, 2.0, 3.0], groups=["a", "b", "b"], ridge=0
    )
    optima = problem.risks.optima
    assert not optima.proved.all()
    assert np.allclose(optima.lower, 0.0, atol=1e-9)

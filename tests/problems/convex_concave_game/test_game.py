"""The budgeted log game: best responses, bounds from both sides, and every method against the exact one."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.errors import InvalidWitnessError, SpecError
from dualgap.core.witness import Exhaustion, Strategies
from dualgap.problems.convex_concave_game import Allocations, ConvexConcaveGame
from dualgap.problems.convex_concave_game.responses import best_noise, water_filling
from dualgap.testing.measure import violation

BASIC = {"beta": [1.0, 0.8, 1.5, 0.6], "sigma": [0.5, 1.0, 0.7, 0.3], "power": 5, "noise": 3}


def rate(game: ConvexConcaveGame, noise: np.ndarray, power: np.ndarray) -> float:
    return float(np.log1p(game.beta * power / (game.sigma + noise)).sum())


def games() -> st.SearchStrategy[ConvexConcaveGame]:
    sizes = st.floats(0.01, 50.0, allow_subnormal=False)

    def build(values: list[tuple[float, float]], power: float, noise: float) -> ConvexConcaveGame:
        beta, sigma = zip(*values)
        return ConvexConcaveGame(beta=beta, sigma=sigma, power=power, noise=noise)

    return st.builds(build, st.lists(st.tuples(sizes, sizes), min_size=1, max_size=6), sizes, sizes)


@settings(deadline=None)
@given(games(), st.integers(0, 10**6))
def test_best_responses_are_best(game: ConvexConcaveGame, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(game.size), 40)
    noise, power = shares[0] * float(game.noise), shares[1] * float(game.power)
    power[rng.integers(game.size)] = 0.0
    best_power, _ = water_filling(game.beta / (game.sigma + noise), float(game.power))
    answer, _ = best_noise(game.beta * power, game.sigma, float(game.noise))
    assert best_power.sum() == pytest.approx(float(game.power))
    assert answer.sum() == pytest.approx(float(game.noise))
    for share in shares[2:]:
        assert rate(game, noise, share * float(game.power)) <= rate(game, noise, best_power) + 1e-9
        assert rate(game, share * float(game.noise), power) >= rate(game, answer, power) - 1e-9


@settings(max_examples=20, deadline=None)
@given(games(), st.integers(0, 10**6))
def test_any_allocations_hold_the_value_between_them(game: ConvexConcaveGame, seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise, power = (rng.dirichlet(np.ones(game.size)) * float(budget) for budget in (game.noise, game.power))
    upper = game.evaluate(Allocations(noise=noise)).objective
    bound = game.bound(Strategies(x=noise, y=power))
    exact = dualgap.solve(game, "price-bisection", isolate=False).certificate
    assert exact is not None
    assert bound.evidence is Evidence.PROVED
    assert bound.value <= float(exact.value or 0) + 1e-9
    assert upper >= float(exact.bound or 0) - 1e-9
    between = rate(game, noise, power)  # where nobody has a choice, all three are equal
    assert upper >= between * (1.0 - 1e-12)
    assert bound.value <= between * (1.0 + 1e-12)


@settings(max_examples=20, deadline=None)
@given(games(), st.integers(0, 10**6))
def test_a_bound_holds_with_many_more_digits(game: ConvexConcaveGame, seed: int) -> None:
    rng = np.random.default_rng(seed)
    power = rng.dirichlet(np.full(game.size, 0.3)) * 10.0 ** rng.integers(-9, 9)
    bound = Fraction(game.bound(Strategies(x=[], y=power)).value)
    with localcontext(Context(prec=120)):
        spread = [Decimal(str(game.power)) * Decimal(p) / sum(map(Decimal, power.tolist())) for p in power.tolist()]
        for share in rng.dirichlet(np.ones(game.size), 5).tolist():
            noise = [Decimal(str(game.noise)) * Decimal(part) / sum(map(Decimal, share)) for part in share]
            channels = zip(game.beta.tolist(), game.sigma.tolist(), spread, noise)
            rates = [(1 + Decimal(str(b)) * p / (Decimal(str(s)) + n)).ln() for b, s, p, n in channels]
            assert bound <= Fraction(sum(rates))


@settings(deadline=None)
@given(games(), st.integers(0, 10**6))
def test_the_cones_say_what_the_game_does(game: ConvexConcaveGame, seed: int) -> None:
    view = next(view for view in game.views() if view.name == "cones")
    form = view.build()
    answer = Allocations(noise=np.random.default_rng(seed).dirichlet(np.ones(game.size)) * float(game.noise))
    assert view.encode is not None
    assert view.decode is not None
    point = view.encode(answer)
    assert violation(form, point) <= 1e-9
    assert form.objective(point) == pytest.approx(float(game.evaluate(answer).objective), rel=1e-9, abs=1e-9)
    assert np.allclose(view.decode(point).noise, answer.noise)


@pytest.mark.parametrize("solver", ["clarabel", "scs"])
@pytest.mark.parametrize("budgets", [(10, 10), (1000, 0.1), (0.1, 1000), (1e4, 1e4)])
def test_conic_solvers_meet_the_exact_value(solver: str, budgets: tuple[float, float]) -> None:
    drawn = ConvexConcaveGame.generate(10, 0)
    game = ConvexConcaveGame(beta=drawn.beta, sigma=drawn.sigma, power=budgets[0], noise=budgets[1])
    exact = dualgap.solve(game, "price-bisection", isolate=False).certificate
    found = dualgap.solve(game, solver, isolate=False).certificate
    assert exact is not None
    assert found is not None
    assert found.evidence is Evidence.PROVED
    assert found.value == pytest.approx(exact.value, rel=2e-6)
    assert found.bound == pytest.approx(exact.value, rel=2e-6)


@settings(max_examples=20, deadline=None)
@given(games())
def test_price_bisection_closes_the_interval(game: ConvexConcaveGame) -> None:
    certificate = dualgap.solve(game, "price-bisection", isolate=False).certificate
    assert certificate is not None
    assert certificate.verdict is Verdict.OPTIMAL
    assert certificate.relative_gap is not None
    assert certificate.relative_gap <= 1e-7


def test_the_saddle_point_is_a_general_solvers_too() -> None:
    game = ConvexConcaveGame(**BASIC)

    def worst(noise: np.ndarray) -> float:
        return rate(game, noise, water_filling(game.beta / (game.sigma + noise), 5.0)[0])

    simplex = {"type": "eq", "fun": lambda noise: noise.sum() - 3.0}
    found = optimize.minimize(worst, np.full(4, 0.75), bounds=[(0, 3)] * 4, constraints=[simplex], tol=1e-12)
    run = dualgap.solve(game, "price-bisection", isolate=False)
    assert run.certificate is not None
    assert float(run.certificate.value or 0) == pytest.approx(found.fun, rel=1e-6)


@pytest.mark.parametrize("method", ["extragradient", "optimistic-gradient", "mirror-prox", "saddle-subgradient"])
def test_methods_meet_the_exact_value(method: str) -> None:
    game = ConvexConcaveGame.generate(12, 4)
    exact = dualgap.solve(game, "price-bisection", isolate=False).certificate
    run = dualgap.solve(game, method, isolate=False, time=20)
    assert exact is not None
    assert run.certificate is not None
    assert float(run.certificate.value or 0) == pytest.approx(float(exact.value or 0), rel=2e-6)
    assert float(run.certificate.bound or 0) == pytest.approx(float(exact.value or 0), rel=2e-6)


def test_few_steps_of_extragradient_suffice() -> None:
    from dualgap.solvers.saddle.extragradient import Extragradient

    run = dualgap.solve(ConvexConcaveGame.generate(10, 0), Extragradient(tolerance=1e-9), isolate=False)
    assert run.statistics["iterations"] <= 150  # type: ignore[operator]
    assert run.certificate is not None
    assert float(run.certificate.gap or 0) <= 1e-9 * float(run.certificate.value or 0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"beta": [1, 0, 1, 1]}, "not positive"),
        ({"sigma": [1, 1]}, "2 entries"),
        ({"power": 0}, "budgets"),
        ({"noise": -1}, "budgets"),
        ({"beta": [], "sigma": []}, "channel"),
        ({"names": ["a", "b"]}, "2 entries"),
        ({"powers": 3}, "did you mean 'power'"),
    ],
)
def test_bad_specs_name_the_place(changes: dict[str, object], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        dualgap.load({"kind": "convex-concave-game", **BASIC, **changes})


def test_budgets_are_kept() -> None:
    game = ConvexConcaveGame(**BASIC)
    found = game.evaluate(Allocations(noise=[1, 1, 1, 1], power=[5, 0, 1, -1])).violations
    assert set(found) == {"noise budget", "power 4"}
    assert list(game.evaluate(Allocations(noise=[3])).violations) == ["noise"]


@pytest.mark.parametrize("witness", [Strategies(x=[1.0], y=[1.0]), Strategies(x=[], y=[0.0] * 4), Exhaustion()])
def test_what_is_no_allocation_proves_nothing(witness: dualgap.Witness) -> None:
    with pytest.raises(InvalidWitnessError):
        ConvexConcaveGame(**BASIC).bound(witness)


def test_channels_that_carry_next_to_nothing_are_left_alone() -> None:
    loads, sigma = np.array([0.076, 1e-4, 1e-25, 5e-324, 0.097]), np.array([1.5, 0.6, 1.2, 0.8, 1.7])
    noise, price = best_noise(loads, sigma, 1000.0)
    assert noise.sum() == pytest.approx(1000.0)
    assert not noise[2:4].any()
    reach = sigma + noise
    np.testing.assert_allclose((loads / (reach * (reach + loads)))[[0, 1, 4]], price, rtol=1e-9)


def test_allocations_from_elsewhere_prove_what_they_can() -> None:
    game = ConvexConcaveGame(**BASIC)
    best = dualgap.solve(game, "price-bisection", isolate=False).answer
    for answer, known in ((best, True), ({"noise": best.noise.tolist()}, False)):
        certificate = dualgap.verify(game, answer).certificate
        assert certificate is not None
        assert (certificate.verdict is Verdict.OPTIMAL, certificate.bound is not None) == (known, known)

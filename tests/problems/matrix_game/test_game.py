"""Matrix games: values in exact arithmetic, verified intervals, degenerate games, and refusals."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.errors import InvalidWitnessError, SpecError
from dualgap.core.explain.text import as_text
from dualgap.core.witness import Multipliers, Strategies
from dualgap.problems.examples import example
from dualgap.problems.matrix_game import MatrixGame, MixedStrategies

METHODS = ("lp-vertex", "highs", "regret-matching", "pdhg", "extragradient", "mirror-prox")
# Games of which others' solvers find no equilibrium, or a wrong one: duplicates, ties, dominated and constant rows.
DEGENERATE = {
    "one payoff": ([[7]], Fraction(7)),
    "nothing at stake": ([[0, 0], [0, 0]], Fraction(0)),
    "one row": ([[3, 1, 2]], Fraction(1)),
    "one column": ([[3], [1], [2]], Fraction(3)),
    "twin rows": ([[1, -1], [1, -1], [-1, 1]], Fraction(0)),
    "twin columns": ([[2, 2, 0], [0, 0, 1]], Fraction(2, 3)),
    "a saddle in pure strategies": ([[4, 5], [3, 9]], Fraction(4)),
    "a row that ties with a mixture": ([[1, 0], [0, 1], [Fraction(1, 2), Fraction(1, 2)]], Fraction(1, 2)),
    "rock, paper, scissors": ([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], Fraction(0)),
    "a well beside rock, paper, scissors": (
        [[0, -1, 1, -1], [1, 0, -1, 1], [-1, 1, 0, -1], [1, -1, 1, 0]],
        Fraction(0),
    ),
    "negative and large": ([[-1000, 1000], [999, -1000]], Fraction(-1000, 3999)),
}


def value_of(payoff: np.ndarray) -> float:
    """What rows can guarantee as the maximiser, by SciPy's linear program."""
    m, n = payoff.shape
    found = optimize.linprog(
        np.append(np.zeros(m), -1.0),
        A_ub=np.hstack([-payoff.T, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=[np.append(np.ones(m), 0.0)],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
    )
    return float(-found.fun)


def test_the_notes_game_is_worth_exactly_five_halves() -> None:
    run = dualgap.solve(example(MatrixGame, "note"), isolate=False)
    assert run.certificate is not None
    assert run.certificate.value == run.certificate.bound == Fraction(5, 2)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.evidence is Evidence.PROVED
    assert run.certificate.tolerance == 0


def test_an_equilibrium_from_elsewhere_proves_itself() -> None:
    game = MatrixGame(payoff=[[10, 0, 0], [0, 6, 0], [2, 2, 3]])
    rows = {"r1": 3, "r2": 5, "r3": 30}
    certificate = dualgap.verify(game, {"rows": rows, "columns": {"c1": 9, "c2": 15, "c3": 14}}).certificate
    assert certificate is not None
    assert certificate.value == certificate.bound == Fraction(45, 19)
    assert certificate.evidence is Evidence.PROVED
    weaker = dualgap.verify(game, {"rows": rows, "columns": [0, 0, 1]}).certificate
    assert weaker is not None
    assert weaker.bound == 3
    for columns in ({}, {"columns": [1, 0]}, {"columns": [0, 0, 0]}):
        alone = dualgap.verify(game, {"rows": rows, **columns}).certificate
        assert alone is not None
        assert alone.bound is None


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_games(name: str, method: str) -> None:
    payoff, value = DEGENERATE[name]
    game = MatrixGame(payoff=np.array(payoff, dtype=float) if "ties" in name else payoff)
    run = dualgap.solve(game, method, isolate=False, time=20)
    certificate = run.certificate
    assert certificate is not None
    assert certificate.value is not None
    assert certificate.bound is not None
    assert certificate.evidence is Evidence.PROVED
    assert certificate.value <= value <= certificate.bound
    spread = float(np.ptp(game.payoff)) or 1.0
    assert float(certificate.bound - certificate.value) <= 2e-7 * spread
    if method == "lp-vertex":
        assert certificate.value == certificate.bound == value


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10**6), st.sampled_from(["rows", "columns"]), st.booleans())
def test_any_strategies_hold_the_value_between_them(m: int, n: int, seed: int, maximizer: str, decimal: bool) -> None:
    rng = np.random.default_rng(seed)
    payoff = rng.integers(-20, 21, (m, n)) / (10 if decimal else 1)
    game = MatrixGame(payoff=payoff if decimal else payoff.astype(np.int64), maximizer=maximizer)
    rows, columns = rng.random(m) + 1e-3, rng.random(n)
    columns[rng.integers(n)] = 1.0
    value = game.evaluate(MixedStrategies(rows=rows)).objective
    bound = game.bound(Strategies(x=rows, y=columns)).value
    true = value_of(payoff) if maximizer == "rows" else -value_of(-payoff)
    low, high = (value, bound) if maximizer == "rows" else (bound, value)
    assert float(low) <= true + 1e-9
    assert float(high) >= true - 1e-9
    assert not game.evaluate(MixedStrategies(rows=rows, columns=columns)).violations


@pytest.mark.parametrize("maximizer", ["rows", "columns"])
def test_large_games_are_bounded_outward(maximizer: str) -> None:
    game = MatrixGame(payoff=np.random.default_rng(0).random((400, 300)), maximizer=maximizer)
    bound = game.bound(Strategies(x=np.ones(400), y=np.ones(300)))
    exact = [sum(map(Fraction, row)) / 300 for row in game.payoff.tolist()]  # the floats themselves, exactly
    true = max(exact) if maximizer == "rows" else min(exact)
    assert bound.evidence is Evidence.PROVED
    assert (bound.value > true) if maximizer == "rows" else (bound.value < true)
    assert abs(float(bound.value - true)) < 1e-12


@pytest.mark.parametrize("family", ["uniform", "integer", "low-rank", "symmetric"])
@pytest.mark.parametrize("method", METHODS)
def test_methods_agree_with_a_linear_program(family: str, method: str) -> None:
    game = MatrixGame.generate(12, 3, family=family, columns=None if family == "symmetric" else 9)
    run = dualgap.solve(game, method, isolate=False, time=60)  # they end by themselves, on a busy machine later
    assert run.certificate is not None
    true = value_of(game.payoff.astype(float))
    spread = float(np.ptp(game.payoff))
    assert abs(float(run.certificate.value or 0) - true) <= 1e-6 * spread
    assert abs(float(run.certificate.bound or 0) - true) <= 1e-6 * spread


def test_regret_matching_narrows_to_what_is_played() -> None:
    game = MatrixGame(payoff=np.random.default_rng(2).random((300, 250)))
    run = dualgap.solve(game, "regret-matching", isolate=False, time=30)
    assert run.statistics["share"] < 0.5  # type: ignore[operator]
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert float(run.certificate.value or 0) == pytest.approx(value_of(game.payoff), abs=1e-6)


def test_weights_are_strategies_up_to_scale() -> None:
    game = MatrixGame(payoff=[[1, -1], [-1, 1]])
    assert game.evaluate(MixedStrategies(rows=[3, 3])).objective == 0
    assert list(game.evaluate(MixedStrategies(rows=[2, -1])).violations) == ["rows r2"]
    assert list(game.evaluate(MixedStrategies(rows=[0, 0])).violations) == ["rows"]
    assert list(game.evaluate(MixedStrategies(rows=[1, 1], columns=[1])).violations) == ["columns"]


@pytest.mark.parametrize(
    "witness",
    [Strategies(x=[1, 0], y=[1.0, 0.0, 0.0]), Strategies(x=[1, 0], y=[0.0, -1.0]), Multipliers(rows=[1.0, 2.0])],
)
def test_what_is_no_strategy_proves_nothing(witness: dualgap.Witness) -> None:
    with pytest.raises(InvalidWitnessError):
        MatrixGame(payoff=[[1, -1], [-1, 1]]).bound(witness)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"payoff": [[[1, 2], [3, 4]], [[1, 2], [3, 4]]]}, "bimatrix"),
        ({"payoff_rows": [[1, 2]], "payoff_columns": [[1, 2]]}, "bimatrix"),
        ({"A": [[1]], "B": [[1]]}, "zero-sum"),
        ({"payoff": [[1, 2], [3]]}, "rows differ"),
        ({"payoff": []}, "dimension"),
        ({"payoff": [[1]], "maximizer": "everybody"}, "maximizer"),
        ({"payoff": [[1, 2]], "columns": ["a", "a"]}, "twice"),
        ({"payoff": [[1, 2]], "rows": ["a", "b"]}, "2 entries"),
    ],
)
def test_what_is_no_zero_sum_game_is_refused(spec: dict[str, object], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        dualgap.load({"kind": "matrix-game", **spec})


def test_payoffs_come_from_files_and_answers_have_names(tmp_path: Path) -> None:
    (tmp_path / "P.csv").write_text("1,-0.5\n-1,0.1\n")
    path = tmp_path / "game.toml"
    path.write_text('kind = "matrix-game"\npayoff = {file = "P.csv"}\nrows = ["up", "down"]\n')
    game = dualgap.load(path)
    run = dualgap.solve(game, "lp-vertex", isolate=False)
    written = game.write_answer(run.answer)
    assert set(written["rows"]) == {"up", "down"}
    assert game.read_answer(written) == run.answer
    with pytest.raises(SpecError, match="no such strategy"):
        game.read_answer({"rows": {"left": 1}})


def test_open_intervals_are_shown_beside_the_range_of_payoffs() -> None:
    game = MatrixGame(payoff=[[0, -1, 2], [1, 0, -1], [-2, 1, 0]])
    metrics = dict(game.sensitivity(MixedStrategies(rows=[1, 1, 1]), Strategies(x=[], y=[1, 1, 1]), False))
    assert metrics["interval"] == {"width": pytest.approx(2 / 3), "share of the range": pytest.approx(1 / 6)}
    assert game.render_metrics(metrics)[0][1] == ("of the value", "0.667", "0.167")
    closed = game.sensitivity(MixedStrategies(rows=[1, 2, 1]), Strategies(x=[], y=[1, 2, 1]), True)
    assert game.render_metrics(closed) == []


def test_explanations_can_be_redone() -> None:
    game = dualgap.load(example(MatrixGame, "basic"))
    run = dualgap.solve(game, "lp-vertex", isolate=False)
    said = as_text(game.explain(run.answer, run.witness), 100)
    assert "north:   10 · 3/38 + 2 · 15/19 = 45/19" in said
    assert "watch all roads: 2 · 9/38 + 2 · 15/38 + 3 · 7/19 = 45/19" in said
    rough = dualgap.solve(game, "regret-matching", isolate=False)
    assert "shares of 6 digits" in as_text(game.explain(rough.answer, rough.witness), 100)


def test_nashpy_agrees() -> None:
    nash = pytest.importorskip("nashpy")
    payoff = np.random.default_rng(5).integers(0, 10, (4, 5))
    rows, columns = nash.Game(payoff).linear_program()
    run = dualgap.solve(MatrixGame(payoff=payoff), "lp-vertex", isolate=False)
    assert run.certificate is not None
    assert float(rows @ payoff @ columns) == pytest.approx(float(run.certificate.value or 0), abs=1e-9)

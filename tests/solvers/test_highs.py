"""HiGHS against enumeration; its limits, rays, options, scheduler and model files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csc_array

import dualgap
from dualgap.core.claim import Stop
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.solver import Budget
from dualgap.core.witness import FarkasRay, Multipliers, Ray
from dualgap.solvers.highs import Highs
from dualgap.solvers.relaxation import one_row_multiplier
from tests.solvers.programs import (
    INF,
    Recorder,
    best_by_hand,
    farkas_gap,
    hard_program,
    lagrangian_bound,
    program,
    random_program,
)


@pytest.mark.parametrize("decimals", [0, 1])
def test_optimum_equals_enumeration(decimals: int) -> None:
    for seed in range(60):
        form = random_program(seed, decimals=decimals)
        claim, best = Highs().solve(form, Recorder()), best_by_hand(form)
        if best is None:
            assert claim.stop is Stop.INFEASIBLE, seed
            assert not isinstance(claim.witness, FarkasRay) or farkas_gap(form, claim.witness) > 0
            continue
        assert claim.stop is Stop.FINISHED, seed
        assert claim.feasible
        assert form.violation(claim.point) <= 1e-9
        assert claim.value == pytest.approx(float(best), abs=1e-6)
        assert claim.bound == pytest.approx(float(best), abs=1e-6)
        assert isinstance(claim.witness, Multipliers)
        assert lagrangian_bound(form, claim.witness) <= float(best) + 1e-6


def test_linear_programs_have_duals_in_our_convention() -> None:
    solved = 0
    for seed in range(40):
        form = random_program(seed)
        form = program(
            form.cost, form.matrix.toarray(), form.row_lower, form.row_upper, form.lower, form.upper, integer=False
        )
        claim = Highs().solve(form, Recorder())
        if claim.stop is Stop.FINISHED:
            solved += 1
            assert isinstance(claim.witness, Multipliers)
            assert lagrangian_bound(form, claim.witness) == pytest.approx(claim.value, abs=1e-6)
            assert claim.bound == claim.value
        else:
            assert isinstance(claim.witness, FarkasRay)
            assert farkas_gap(form, claim.witness) > 0
    assert solved > 20


def test_one_row_multiplier_is_the_relaxations_dual() -> None:
    applied = 0
    for seed in range(200):
        form = random_program(seed)
        if form.size[1] != 1:
            continue
        multiplier = one_row_multiplier(form)
        continuous = program(
            form.cost,
            form.matrix.toarray(),
            form.row_lower,
            form.row_upper,
            form.lower,
            form.upper,
            integer=False,
            offset=form.offset,
        )
        relaxed = Highs().solve(continuous, Recorder())
        if multiplier is None or relaxed.stop is not Stop.FINISHED:
            continue
        applied += 1
        assert lagrangian_bound(form, Multipliers(rows=[multiplier])) == pytest.approx(relaxed.value, abs=1e-6), seed
    assert applied > 20


def test_one_row_multiplier_with_unlimited_columns() -> None:
    covering = program([3, 2], [[2, 1]], [7], [INF])
    assert one_row_multiplier(covering) == 1.5
    assert one_row_multiplier(program([-1, 0], [[1, 0]], [-INF], [7])) == -1.0
    assert one_row_multiplier(program([0, -1], [[1, 0]], [-INF], [7])) is None  # unbounded: no multiplier bounds it


def test_time_limit_keeps_the_incumbent_and_claims_no_optimum() -> None:
    form = hard_program()
    ctx = Recorder(budget=Budget(seconds=1.0))
    claim = Highs().solve(form, ctx)
    assert claim.stop is Stop.TIME
    assert claim.feasible
    assert form.violation(claim.point) <= 1e-6
    assert claim.bound is not None
    assert claim.bound < claim.value - 1e-6
    assert ctx.points
    assert ctx.witnesses


def test_should_stop_is_honoured() -> None:
    claim = Highs().solve(hard_program(), Recorder(stop_after=1))
    assert claim.stop is Stop.TIME
    assert claim.feasible


def test_mixed_programs_are_searched_without_presolve_and_keep_their_optimum() -> None:
    """min 2 x + 3 z, x + z >= 4.5, z whole, is 9 at x = 4.5; HiGHS 1.14.0 with presolve says 15 at z = 5."""
    form = program([2, 3], [[1, 1]], [4.5], [INF], [0, 0], [10, 10], integer=[False, True])
    assert Highs().solve(form, Recorder()).value == pytest.approx(9)


def test_long_rows_are_searched_without_presolve_and_keep_the_limit() -> None:
    rng = np.random.default_rng(1)
    values, weights = rng.integers(1, 10_001, size=(2, 30_000))
    problem = dualgap.Knapsack(values=values, weights=weights, capacity=int(weights.sum() // 2))
    run = dualgap.solve(problem, "highs", isolate=False, time=20.0, gap=1e-4)
    assert run.certificate.verdict == "within"
    assert run.certificate.evidence == "proved"


def test_gap_stops_early() -> None:
    claim = Highs().solve(hard_program(), Recorder(budget=Budget(gap=2.0)))
    assert claim.stop is Stop.FINISHED
    assert claim.bound < claim.value


def test_unbounded() -> None:
    integer = program([-1, 0], [[1, -1]], [-INF], [3])
    for form in (integer, program([-1, 0], [[1, -1]], [-INF], [3], integer=False)):
        claim = Highs().solve(form, Recorder())
        assert claim.stop is Stop.UNBOUNDED
        assert isinstance(claim.witness, Ray)
        assert form.cost @ claim.witness.direction < 0
        assert (form.matrix @ claim.witness.direction <= 1e-9).all()


def test_unbounded_or_infeasible_is_settled() -> None:
    """The relaxation is unbounded, but no integer point exists: 2x - 2y = 1."""
    claim = Highs().solve(program([-1, 0], [[2, -2]], [1], [1]), Recorder())
    assert claim.stop is Stop.INFEASIBLE
    assert claim.point is None


def test_without_columns_or_rows() -> None:
    empty = program(np.zeros(0), np.zeros((0, 0)), offset=7.0)
    claim = Highs().solve(empty, Recorder())
    assert (claim.stop, claim.value, claim.bound) == (Stop.FINISHED, 7.0, 7.0)
    impossible = program(np.zeros(0), np.zeros((2, 0)), [-INF, 1], [0, 2])
    claim = Highs().solve(impossible, Recorder())
    assert claim.stop is Stop.INFEASIBLE
    assert farkas_gap(impossible, claim.witness) > 0
    assert Highs().solve(program([1, -1], upper=4.5), Recorder()).value == -4


def test_start_becomes_an_incumbent() -> None:
    form = hard_program()
    first = Highs().solve(form, Recorder(budget=Budget(seconds=1.0)))
    again = Highs().solve(form, Recorder(budget=Budget(seconds=0.3), start=first.point))
    assert again.value <= first.value + 1e-9


def test_number_of_threads_may_change_within_a_process() -> None:
    form = program([-3, -2], [[2, 3]], [-INF], [7], upper=5)
    for threads in (1, 2, 1):
        assert Highs().solve(form, Recorder(budget=Budget(threads=threads))).value == -9


@pytest.mark.parametrize(
    ("options", "said"),
    [({"mip_rel_gop": 0.1}, "did you mean 'mip_rel_gap'"), ({"mip_rel_gap": -1.0}, "can't be -1.0")],
)
def test_option_errors_name_the_option(options: dict[str, float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Highs(options=options).solve(program([1], upper=3), Recorder())


def test_options_reach_highs(capfd: pytest.CaptureFixture[str]) -> None:
    claim = Highs(options={"mip_max_nodes": 0, "parallel": False}).solve(hard_program(), Recorder())
    assert claim.stop is Stop.ITERATIONS
    assert capfd.readouterr().out == ""
    Highs().solve(program([1], upper=3), Recorder(verbose=True))
    assert "HiGHS" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (program(np.array([2**53 + 1]), upper=1), "2^53"),
        (program([1], [[1e-10]], [0], [1]), "dropped"),
        (program([1], [[1e15]], [0], [1]), "refused"),
        (program([1], upper=1e20), "infinite"),
    ],
)
def test_refuses_what_it_would_change(form: dualgap.MixedIntegerProgram, said: str) -> None:
    assert Highs().refuses(random_program(0)) is None
    assert said in (Highs().refuses(form) or "")


def test_whole_way_with_verdicts() -> None:
    problem = dualgap.Knapsack(values=[10, 13, 7], weights=[4, 6, 3], capacity=9)
    run = dualgap.solve(problem, "highs", isolate=False)
    assert run.certificate.verdict in ("optimal", "claimed-optimal")
    assert run.certificate.value == 20
    change = dualgap.solve(dualgap.CoinChange(coins=[1, 2, 5], amount=11), "highs", isolate=False)
    assert (change.certificate.verdict, change.certificate.value) == ("optimal", 3)
    even = dualgap.solve(dualgap.CoinChange(coins=[2, 4], amount=7), "highs", isolate=False)
    assert even.certificate.verdict in ("infeasible", "claimed-infeasible")
    with pytest.raises(UsageError, match="nonsense"):
        dualgap.solve(problem, "highs[nonsense=1]", isolate=False)
    with pytest.raises(NoRouteError, match="2\\^53"):
        dualgap.solve(dualgap.Knapsack(values=[2**60], weights=[1], capacity=1), "highs", isolate=False)


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "optimum"), [("afiro", -464.7531429), ("adlittle", 225494.9632)])
def test_netlib(shared_data: Path, tmp_path: Path, name: str, optimum: float) -> None:
    import highspy

    packed = shared_data / "lp" / f"{name}.mps.gz"
    if not packed.is_file():
        pytest.skip(f"no {packed.name} among the shared data")
    plain = tmp_path / f"{name}.mps"
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.readModel(str(plain))
    highs.ensureColwise()
    lp = highs.getLp()
    parts = (lp.a_matrix_.value_, lp.a_matrix_.index_, lp.a_matrix_.start_)
    form = dualgap.MixedIntegerProgram(
        cost=np.array(lp.col_cost_),
        matrix=csc_array(tuple(map(np.array, parts)), (lp.num_row_, lp.num_col_)).tocsr(),
        row_lower=np.array(lp.row_lower_),
        row_upper=np.array(lp.row_upper_),
        lower=np.array(lp.col_lower_),
        upper=np.array(lp.col_upper_),
        integer=np.zeros(lp.num_col_, dtype=bool),
        offset=lp.offset_,
    )
    claim = Highs().solve(form, Recorder())
    assert claim.value == pytest.approx(optimum, rel=1e-8)
    assert isinstance(claim.witness, Multipliers)
    again = Highs(options={"solver": "ipm"}).solve(form, Recorder())
    assert again.value == pytest.approx(optimum, rel=1e-6)

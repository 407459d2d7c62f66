"""GLOP and PDLP against HiGHS: optima, signs of duals, how they end, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dualgap.core.claim import Stop, Use
from dualgap.core.errors import UsageError
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Budget
from dualgap.core.witness import FarkasRay, Multipliers, Ray
from dualgap.solvers.glop import Glop
from dualgap.solvers.highs import Highs
from dualgap.solvers.pdlp import Pdlp
from tests.solvers.programs import INF, Recorder, farkas_gap, lagrangian_bound, program, random_program

SOLVERS = [Glop(), Pdlp()]
both = pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.name)


def linear(seed: int) -> MixedIntegerProgram:
    whole = random_program(seed)
    sides = whole.row_lower, whole.row_upper
    return program(whole.cost, whole.matrix.toarray(), *sides, whole.lower, whole.upper, integer=False, offset=2.0)


@both
def test_optimum_and_duals_equal_highs(solver: Any) -> None:
    """Rows with a lower side, an upper side, both, and equalities: the multipliers bound by our convention."""
    solved = 0
    for seed in range(25):
        form = linear(seed)
        claim, peer = solver.solve(form, Recorder()), Highs().solve(form, Recorder())
        assert claim.stop is peer.stop, seed
        if peer.stop is not Stop.FINISHED:
            continue
        solved += 1
        assert claim.feasible
        assert claim.value == pytest.approx(peer.value, abs=1e-5)
        assert claim.bound == pytest.approx(peer.value, abs=1e-5)
        assert isinstance(claim.witness, Multipliers)
        proved = lagrangian_bound(form, Multipliers(rows=np.round(claim.witness.rows, 6)))
        assert proved == pytest.approx(peer.value, abs=1e-3), seed
    assert solved > 15


@both
@pytest.mark.parametrize(
    ("sides", "sign"), [((3, INF), 1), ((-INF, 3), -1), ((3, 3), 1), ((1, 3), -1)], ids=["ge", "le", "eq", "range"]
)
def test_signs_of_duals(solver: Any, sides: tuple[float, float], sign: int) -> None:
    """y >= 0 prices the lower side, y <= 0 the upper one, and y is the change of the optimum per unit of it."""
    cost = 2.0 if sign > 0 else -2.0
    form = program([cost], [[1.0]], [sides[0]], [sides[1]], upper=10, integer=False)
    claim, peer = solver.solve(form, Recorder()), Highs().solve(form, Recorder())
    assert claim.witness.rows == pytest.approx([2.0 * sign], abs=1e-6)
    assert peer.witness.rows == pytest.approx(claim.witness.rows, abs=1e-6)


@both
def test_infeasible_and_unbounded_are_told_apart_with_rays(solver: Any) -> None:
    infeasible = program([1.0, 2], [[1, 1], [1, -1]], [4, -1], [INF, 1], upper=1, integer=False)
    claim = solver.solve(infeasible, Recorder())
    assert claim.stop is Stop.INFEASIBLE
    assert not claim.feasible
    assert isinstance(claim.witness, FarkasRay)
    assert farkas_gap(infeasible, claim.witness) > 0
    claim = solver.solve(program([-1.0, 2], [[1, 1]], [4], [INF], upper=[INF, 1], integer=False), Recorder())
    assert claim.stop is Stop.UNBOUNDED
    assert isinstance(claim.witness, Ray)
    assert claim.witness.direction[0] > 0


@both
def test_odd_shapes(solver: Any) -> None:
    assert solver.solve(program([]), Recorder()).value == 0
    claim = solver.solve(program([1.0, -1], upper=[3, 4], integer=False), Recorder())
    assert claim.point == pytest.approx([0, 4])
    crossed = solver.solve(program([1.0], lower=2, upper=1, integer=False), Recorder())
    assert crossed.stop is Stop.INFEASIBLE
    assert "cross" in crossed.message


@both
def test_integer_columns_are_refused_with_the_column(solver: Any) -> None:
    assert "column 1 is integer" in (solver.refuses(program([1, 2], upper=1, integer=[False, True])) or "")
    assert "2^53" in (solver.refuses(program(np.array([2**53 + 1]), upper=1, integer=False)) or "")
    assert solver.refuses(program([1.0], upper=1, integer=False)) is None


@both
def test_unknown_parameters_are_errors(solver: Any) -> None:
    form = program([1.0], upper=1, integer=False)
    with pytest.raises(UsageError, match="no parameter 'nonsense'"):
        type(solver)(options={"nonsense": 1}).solve(form, Recorder())


def test_parameters_by_name_and_type() -> None:
    form = linear(1)
    assert Glop(options={"use_dual_simplex": True, "scaling_method": "EQUILIBRATION"}).solve(form, Recorder()).feasible
    nested = {"termination_criteria.iteration_limit": 3, "presolve_options.use_glop": False}
    slow = Pdlp(options=nested).solve(random_dense(), Recorder())
    assert slow.stop is Stop.ITERATIONS
    with pytest.raises(UsageError, match=r"one of: .*EQUILIBRATION"):
        Glop(options={"scaling_method": "NONE"}).solve(form, Recorder())
    with pytest.raises(UsageError, match="use_dual_simplex can't be 'perhaps'"):
        Glop(options={"use_dual_simplex": "perhaps"}).solve(form, Recorder())


def random_dense(columns: int = 60, rows: int = 40) -> MixedIntegerProgram:
    rng = np.random.default_rng(0)
    matrix = rng.uniform(0, 1, size=(rows, columns))
    return program(
        rng.uniform(1, 2, columns), matrix, matrix.sum(axis=1) / 3, INF * np.ones(rows), upper=1, integer=False
    )


def test_pdlp_stops_with_a_bound_and_calls_nothing_feasible_that_breaks_a_row() -> None:
    form = random_dense()
    peer = Highs().solve(form, Recorder())
    claim = Pdlp(options={"termination_criteria.iteration_limit": 5}).solve(form, Recorder())
    assert claim.stop is Stop.ITERATIONS
    assert claim.feasible == (form.violation(claim.point) <= 1e-5)
    assert lagrangian_bound(form, claim.witness) <= peer.value + 1e-9


def test_pdlp_that_ends_too_soon_says_what_to_do() -> None:
    claim = Pdlp(tolerance=0.1).solve(random_dense(), Recorder())
    assert claim.stop is Stop.FINISHED
    assert not claim.feasible
    assert "breaks row" in claim.message
    assert "tolerance=1e-03" in claim.message


def test_pdlp_tolerance_is_kept() -> None:
    form = random_dense()
    loose, tight = (Pdlp(tolerance=tol).solve(form, Recorder()) for tol in (1e-2, 1e-9))
    assert tight.statistics["first_order_iterations"] > loose.statistics["first_order_iterations"]
    assert form.violation(tight.point) <= 1e-6


def test_pdlp_starts_from_points_and_multipliers() -> None:
    form = random_dense()
    first = Pdlp().solve(form, Recorder())
    again = Pdlp().solve(form, Recorder(start=first.point, start_witness=first.witness))
    assert again.start.use is Use.USED
    assert "the point and the multipliers" in again.start.reason
    assert again.statistics.get("first_order_iterations", 0) < first.statistics["first_order_iterations"] / 5


@both
def test_no_time_is_told_as_such(solver: Any) -> None:
    claim = solver.solve(random_dense(300, 200), Recorder(budget=Budget(seconds=0.0)))
    assert claim.stop is Stop.TIME
    assert claim.bound is None


@both
def test_log_on_request_only(solver: Any, capfd: pytest.CaptureFixture[str]) -> None:
    solver.solve(random_dense(), Recorder())
    assert capfd.readouterr().out == ""
    solver.solve(random_dense(), Recorder(verbose=True))
    assert len(capfd.readouterr().out.splitlines()) > 5

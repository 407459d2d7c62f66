"""Every solver under dualgap's own suite: tiny instances with known optima, honest claims, limits, seeds."""

import pytest
from dualgap_scipy.evolution import DifferentialEvolution
from dualgap_scipy.programs import Linprog, Milp
from dualgap_scipy.smooth import Slsqp, TrustConstr

from dualgap import Solver
from dualgap.testing import check_solver


@pytest.mark.parametrize("solver", [Milp, Linprog, Slsqp, TrustConstr, DifferentialEvolution])
def test_it_keeps_to_the_contract(solver: type[Solver]) -> None:
    check_solver(solver)

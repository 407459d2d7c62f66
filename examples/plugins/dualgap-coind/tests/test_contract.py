"""The kind and its solvers under dualgap's own suite."""

import pytest
from dualgap_coind.ascent import DualAscent
from dualgap_coind.closed import ClosedForm, Penalty
from dualgap_coind.network import Network
from dualgap_coind.problem import ConditionalIndependence

from dualgap import Solver
from dualgap.testing import check_problem, check_solver

SMALL = [ConditionalIndependence.generate(4, 0), ConditionalIndependence.generate(4, 1, independence=0.0)]


def test_the_kind_keeps_to_the_contract() -> None:
    check_problem(ConditionalIndependence, SMALL)


@pytest.mark.parametrize("solver", [ClosedForm(), Penalty(weight=1e6), DualAscent()], ids=lambda solver: solver.name)
def test_it_keeps_to_the_contract(solver: Solver) -> None:
    check_solver(solver, SMALL)


def test_the_network_keeps_to_the_contract() -> None:
    check_solver(Network(iterations=100, batch=32, width=8), SMALL[:1])

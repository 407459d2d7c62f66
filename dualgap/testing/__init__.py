"""The conformance suite of solvers, problems and bridges, for plugin authors: in pytest or by ``plugins check``."""

from dualgap.testing.bridges import check_bridge, examine_bridge
from dualgap.testing.cases import Case, cases
from dualgap.testing.problems import check_problem, examine_problem
from dualgap.testing.report import Report, Row
from dualgap.testing.solvers import check_solver, examine_solver

__all__ = [
    "Case",
    "Report",
    "Row",
    "cases",
    "check_bridge",
    "check_problem",
    "check_solver",
    "examine_bridge",
    "examine_problem",
    "examine_solver",
]

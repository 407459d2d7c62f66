"""The built-ins keep to the contract that plugins are held to."""

from __future__ import annotations

import numpy as np
import pytest

from dualgap.plugins.registry import Registry
from dualgap.testing import check_problem, check_solver
from tests.conformance.drawn import VARIANTS
from tests.conformance.test_matrix import SOLVERS, usable


@pytest.mark.parametrize("name", SOLVERS)
def test_solver(name: str) -> None:
    check_solver(usable(name))


@pytest.mark.parametrize("kind", VARIANTS)
def test_problem(kind: str) -> None:
    rng = np.random.default_rng(11)
    check_problem(Registry(third_party=False).problem_kinds()[kind])
    check_problem(
        Registry(third_party=False).problem_kinds()[kind], [maker(rng).problem for maker in VARIANTS[kind].values()]
    )

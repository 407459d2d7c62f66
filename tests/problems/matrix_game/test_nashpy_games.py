"""Zero-sum games that users of nashpy reported: degenerate, so that enumerating supports finds nothing or too little.

The numbers are those of its threads 39, 41, 60, 66 and 231; the game of 82 has two matrices.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.errors import SpecError
from dualgap.problems.matrix_game import MatrixGame

REPORTED = {
    "39": ([[0, 1, 0, -1], [-1, 0, 1, 1], [0, -1, 0, 1], [1, -1, -1, 0]], Fraction(0)),
    "41": ([[0, -1, 1, 1], [1, 0, -1, -1], [-1, 1, 0, -1], [-1, 1, 1, 0]], Fraction(0)),
    "60": ([[-100, 0, 0, -100], [0, 0, 0, -100], [-100, 0, 0, 0], [0, 0, 0, -50]], Fraction(-100, 3)),
    "60, with a decimal": (
        [[-100, 0, 0, -100], [0, 0, 0, -100], [-100, 0, 0, 0], [0, 0, 0, -33.3333333]],
        Fraction(-3333333330000, 133333333300),
    ),
    "66": (
        [
            [-4.74849287, -1.41955836, -1.41955836, -2.46551608],
            [-100.0, -0.80877032, -0.80877032, -1.42923881],
            [-3.99960399, -1.41955836, -1.41955836, -1.42923881],
            [-2.46551608, -0.80877032, -0.80877032, -2.46551608],
        ],
        None,
    ),
    "231": (
        [
            [0, -1, -1, -1, 1, -1],
            [1, 0, 1, -1, -1, -1],
            [1, -1, 0, -1, -1, 1],
            [1, 1, 1, 0, -1, -1],
            [-1, 1, 1, 1, 0, -1],
            [1, 1, -1, 1, 1, 0],
        ],
        Fraction(0),
    ),
}


@pytest.mark.parametrize("thread", REPORTED)
def test_games_that_were_reported_have_exact_values(thread: str) -> None:
    payoff, value = REPORTED[thread]
    run = dualgap.solve(MatrixGame(payoff=payoff), "lp-vertex", isolate=False)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.evidence is Evidence.PROVED
    assert run.certificate.value == run.certificate.bound
    if value is not None:
        assert run.certificate.value == value
    assert (run.answer.rows >= 0).all()
    assert (run.answer.columns >= 0).all()


@pytest.mark.parametrize("thread", REPORTED)
@pytest.mark.parametrize("method", ["regret-matching", "pdhg"])
def test_first_order_methods_agree(thread: str, method: str) -> None:
    game = MatrixGame(payoff=REPORTED[thread][0])
    exact = dualgap.solve(game, "lp-vertex", isolate=False).certificate
    found = dualgap.solve(game, method, isolate=False, time=20).certificate
    assert exact is not None
    assert exact.value is not None
    assert found is not None
    assert found.value is not None
    assert found.bound is not None
    assert found.value <= exact.value <= found.bound
    assert float(found.bound - found.value) <= 1e-6 * float(np.ptp(game.payoff))


def test_two_matrices_are_refused() -> None:
    a = [[0, 0, 6, 0, 0], [0, 0, 3, 2, 1], [4, 3, 0, 0, 1]]
    b = [[3, 0, 2, 1, 0], [0, 2, 0, 0, 4], [4, 0, 2, 4, 4]]
    with pytest.raises(SpecError, match="bimatrix"):
        MatrixGame(payoff=[a, b])
    with pytest.raises(SpecError, match="zero-sum"):
        dualgap.load({"kind": "matrix-game", "payoff_rows": a, "payoff_columns": b})

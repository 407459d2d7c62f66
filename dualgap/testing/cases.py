"""Tiny instances of every form with known optimum: what a solver of that form is held to.

The optima are of the form as it minimises; a case without a feasible point has ``optimum = inf``, an unbounded one
``-inf``. For a ``DualisedProgram`` the optimum is the maximum of q. All arrays are read-only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from dualgap.core.forms import (
    Cones,
    ConicProgram,
    Convexity,
    DualisedProgram,
    EigenProgram,
    Form,
    Inner,
    MixedIntegerProgram,
    SaddleProgram,
    SmoothProgram,
    bilinear,
)
from dualgap.core.sets import Box, Simplex
from dualgap.testing.report import ensure

INFINITY = float("inf")


@dataclass(frozen=True)
class Case:
    """A form with its optimum and, where there is one to start from, an optimal point."""

    name: str
    form: Form
    optimum: float
    point: Any = None

    def __str__(self) -> str:
        return self.name


def cases(accepts: type[Form] | Sequence[type[Form]]) -> list[Case]:
    """The cases of the forms that ``accepts`` takes; for ``pytest.mark.parametrize("case", cases(Form), ids=str)``."""
    wanted = (accepts,) if isinstance(accepts, type) else tuple(accepts)
    made = [*_integer(), *_conic(), *_smooth(), *_dualised(), *_saddle(), *_eigen()]
    found = [case for case in made if isinstance(case.form, wanted)]
    for case in found:
        for array in arrays_of(case.form):
            array.setflags(write=False)
    return found


def refusals(refuses: Callable[[Any], str | None], given: Sequence[Case]) -> str | None:
    """What is refused, the cases of one reason together; None where nothing is.

    Raises:
        AssertionError: a reason is no text, or everything is refused.
    """
    reasons: dict[str, list[str]] = {}
    for case in given:
        reason = refuses(case.form)
        ensure(reason is None or (isinstance(reason, str) and bool(reason)), f"{case}: refuses() gave {reason!r}")
        if reason:
            reasons.setdefault(reason, []).append(str(case))
    said = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in reasons.items())
    ensure(sum(map(len, reasons.values())) < max(1, len(given)), f"refuses every case: {said}")
    return f"refused: {said}" if said else None


def arrays_of(thing: Any) -> list[np.ndarray]:
    """Every array inside a form: fields, sparse parts, data in dictionaries and tuples."""
    if isinstance(thing, np.ndarray):
        return [thing]
    if isinstance(thing, csr_array):
        return [thing.data, thing.indices, thing.indptr]
    if is_dataclass(thing):
        return [array for item in fields(thing) for array in arrays_of(getattr(thing, item.name))]
    if isinstance(thing, dict):
        return [array for value in thing.values() for array in arrays_of(value)]
    if isinstance(thing, list | tuple):
        return [array for value in thing for array in arrays_of(value)]
    return []


def program(
    cost: Sequence[float],
    rows: Sequence[Sequence[float]],
    row_upper: Sequence[float],
    upper: Sequence[float],
    row_lower: Sequence[float] | None = None,
    lower: Sequence[float] | None = None,
    integer: Sequence[bool] | bool = True,
    offset: float = 0.0,
) -> MixedIntegerProgram:
    """A ``MixedIntegerProgram`` from lists; integers stay integers."""
    n = len(cost)
    return MixedIntegerProgram(
        cost=np.array(cost),
        matrix=csr_array(np.array(rows).reshape(len(row_upper), n)),
        row_lower=np.full(len(row_upper), -np.inf) if row_lower is None else np.array(row_lower),
        row_upper=np.array(row_upper),
        lower=np.zeros(n) if lower is None else np.array(lower),
        upper=np.array(upper, dtype=np.float64),
        integer=np.array(np.broadcast_to(np.asarray(integer), n)),
        offset=offset,
    )


def _integer() -> list[Case]:
    knapsack = program([-10, -13, -7, -8], [[3, 4, 2, 3]], [7], [1, 1, 1, 1])
    two_rows = program([-5, -4, -3], [[2, 3, 1], [4, 1, 2]], [5, 7], [3, 3, 3])
    change = program([1, 1, 1], [[1, 3, 4]], [6], [6, 2, 1], row_lower=[6])
    decimals = program([-1, -1], [[0.1, 0.2]], [0.3], [5, 5])
    linear = program([-3.0, -5.0], [[1, 0], [0, 2], [3, 2]], [4, 12, 18], [np.inf, np.inf], integer=False)
    mixed = program(
        [1.0, -2.0], [[-1, 1], [1, 2]], [3.5, 9], [np.inf, 8], lower=[-3, 0], integer=[False, True], offset=10.0
    )
    free_rows = program([2, -3, 0], np.zeros((0, 3)).tolist(), [], [4, 4, 4], lower=[-1, -1, 0])
    parity = program([1, 1], [[2, 4]], [3], [5, 5], row_lower=[3])
    open_ended = program([-1.0, 0.0], [[1, -1]], [1], [np.inf, np.inf], integer=False)
    return [
        Case("0/1 knapsack", knapsack, -23, np.array([1.0, 1.0, 0.0, 0.0])),
        Case("two knapsack rows, several copies", two_rows, -10, np.array([0.0, 1.0, 2.0])),
        Case("change-making row", change, 2, np.array([0.0, 2.0, 0.0])),
        Case("decimal weights", decimals, -3, np.array([3.0, 0.0])),
        Case("linear program", linear, -36.0, np.array([2.0, 6.0])),
        Case("mixed program with an offset", mixed, 2.5, np.array([0.5, 4.0])),
        Case("no rows", free_rows, -14, np.array([-1.0, 4.0, 0.0])),
        Case("infeasible by parity", parity, INFINITY),
        Case("unbounded", open_ended, -INFINITY),
    ]


def _conic() -> list[Case]:
    linear = ConicProgram(np.array([1.0, 1.0]), csr_array(-np.eye(2)), np.array([-1.0, -2.0]), Cones(nonnegative=2))
    norm = ConicProgram(
        np.array([1.0]),
        csr_array(np.array([[-1.0], [0.0], [0.0]])),
        np.array([0.0, 3.0, 4.0]),
        Cones(second_order=(3,)),
    )
    quadratic = ConicProgram(
        np.array([-1.0]), csr_array(np.eye(1)), np.array([0.5]), Cones(nonnegative=1), quadratic=csr_array(np.eye(1))
    )
    entropy = ConicProgram(  # exp(x) <= t with x = 1
        np.array([0.0, 1.0]),
        csr_array(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0], [0.0, -1.0]])),
        np.array([1.0, 0.0, 1.0, 0.0]),
        Cones(zero=1, exponential=1),
    )
    eigenvalue = ConicProgram(  # t I - B, B = [[2, 1, 0], [1, 2, 1], [0, 1, 2]]
        np.array([1.0]),
        csr_array(-np.array([[1.0], [0.0], [0.0], [1.0], [0.0], [1.0]])),
        -np.array([2.0, np.sqrt(2.0), 0.0, 2.0, np.sqrt(2.0), 2.0]),
        Cones(semidefinite=(3,)),
        offset=1.0,
    )
    contradiction = ConicProgram(  # ||(2, x)|| <= 1
        np.array([1.0]),
        csr_array(np.array([[0.0], [0.0], [-1.0]])),
        np.array([1.0, 2.0, 0.0]),
        Cones(second_order=(3,)),
    )
    endless = ConicProgram(np.array([-1.0]), csr_array(-np.eye(1)), np.array([0.0]), Cones(nonnegative=1))
    return [
        Case("exponential cone", entropy, float(np.e), np.array([1.0, np.e])),
        Case("semidefinite cone", eigenvalue, 3.0 + float(np.sqrt(2.0)), np.array([2.0 + np.sqrt(2.0)])),
        Case("infeasible cones", contradiction, INFINITY),
        Case("unbounded cones", endless, -INFINITY),
        Case("linear, nonnegative cone", linear, 3.0, np.array([1.0, 2.0])),
        Case("norm, second-order cone", norm, 5.0, np.array([5.0])),
        Case("quadratic objective", quadratic, -0.375, np.array([0.5])),
    ]


def distance(x: Any, data: Any) -> Any:
    """``1/2 ||x - target||^2``."""
    shift = x - data["target"]
    return 0.5 * (shift @ shift)


def half_plane(x: Any, data: Any) -> Any:
    """``normal'x - offset <= 0``."""
    return (data["normal"] @ x - data["offset"]).reshape(1)


def difference(x: Any, data: Any) -> Any:
    """``x_0 - x_1 = 0``."""
    return (x[0] - x[1]).reshape(1)


def _smooth() -> list[Case]:
    known: dict[str, Any] = {"convexity": Convexity.STRONGLY_CONVEX, "lipschitz": 1.0, "modulus": 1.0}
    box = {"target": np.array([2.0, -1.0, 0.5])}
    simplex = {"target": np.array([1.0, 0.5, 0.0])}
    halved = {"target": np.array([2.0, 1.0]), "normal": np.array([1.0, 1.0]), "offset": np.array(2.0)}
    equal = {"target": np.array([1.0, 3.0])}
    wide = Box(np.full(2, -10.0), np.full(2, 10.0))
    return [
        Case(
            "nearest point of a box",
            SmoothProgram(distance, np.full(3, 0.5), box, Box(np.zeros(3), np.ones(3)), **known),
            1.0,
            np.array([1.0, 0.0, 0.5]),
        ),
        Case(
            "nearest point of the simplex",
            SmoothProgram(distance, np.full(3, 1 / 3), simplex, Simplex(), **known),
            0.0625,
            np.array([0.75, 0.25, 0.0]),
        ),
        Case(
            "nearest point of a half-plane",
            SmoothProgram(distance, np.zeros(2), halved, wide, inequalities=half_plane, **known),
            0.25,
            np.array([1.5, 0.5]),
        ),
        Case(
            "nearest point of a line",
            SmoothProgram(distance, np.zeros(2), equal, wide, equalities=difference, **known),
            1.0,
            np.array([2.0, 2.0]),
        ),
    ]


def _knapsack_inner(multipliers: np.ndarray) -> Inner:
    values, weights, capacity = np.array([10, 13, 7, 8]), np.array([3, 4, 2, 3]), 7
    reduced = float(multipliers[0]) * weights - values
    packed = (reduced < 0).astype(np.float64)
    value = float(reduced @ packed) - float(multipliers[0]) * capacity
    return Inner(value, np.array([weights @ packed - capacity]), packed)


def _quadratic_inner(multipliers: np.ndarray) -> Inner:
    point = -np.asarray(multipliers, dtype=np.float64)  # minimises 1/2 x^2 + multiplier (x + 1)
    return Inner(float(0.5 * point @ point + multipliers @ (point + 1.0)), point + 1.0, point)


def _worst_inner(weights: np.ndarray) -> Inner:
    point = np.array([weights[0] - weights[1]]) / weights.sum()  # minimises the mixture of (x - 1)^2 and (x + 1)^2
    squares = np.array([(point[0] - 1.0) ** 2, (point[0] + 1.0) ** 2])
    return Inner(float(weights @ squares), squares, point)


def _dualised() -> list[Case]:
    inners = {
        "knapsack with its capacity dualised": (_knapsack_inner, -23.5),
        "1/2 x^2 with x <= -1 dualised": (_quadratic_inner, 0.5),
    }
    made = [
        Case(name, DualisedProgram(1, np.zeros(1), np.full(1, np.inf), inner, np.zeros(1)), optimum)
        for name, (inner, optimum) in inners.items()
    ]
    start = np.array([0.9, 0.1])
    worst = DualisedProgram(2, np.zeros(2), np.full(2, np.inf), _worst_inner, start, total=1.0)
    return [*made, Case("the worst of two squares, with weights that sum to 1", worst, 1.0)]


def payoff(x: Any, y: Any, data: Any) -> Any:
    """``x'Py``."""
    return x @ data["payoff"] @ y


def best_row(y: Any, payoffs: Any) -> Any:
    """The pure strategy x that pays least against y."""
    return Simplex().support(payoffs @ y)


def best_column(x: Any, payoffs: Any) -> Any:
    """The pure strategy y that gets most against x."""
    return Simplex().support(-(x @ payoffs))


def _saddle() -> list[Case]:
    even, lopsided = np.full(2, 0.5), np.array([0.9, 0.1])
    mixed, pennies = np.array([[3.0, -1.0], [-2.0, 1.0]]), np.array([[1.0, -1.0], [-1.0, 1.0]])
    known = SaddleProgram(
        bilinear, Simplex(), Simplex(), (even, even), mixed, best_x=best_row, best_y=best_column, payoff=mixed
    )
    unknown = SaddleProgram(payoff, Simplex(), Simplex(), (lopsided, even), {"payoff": pennies})
    return [Case("a mixed game", known, 1 / 7), Case("matching pennies without best responses", unknown, 0.0)]


def _eigen() -> list[Case]:
    plain = EigenProgram(np.diag([3.0, 2.0, 1.0]), np.eye(3), 1)
    general = EigenProgram(np.array([[2.0, 1.0], [1.0, 2.0]]), np.diag([1.0, 2.0]), 2)
    chain = EigenProgram(2 * np.eye(12) - np.eye(12, k=1) - np.eye(12, k=-1), np.eye(12), 2)
    edges = 4.0 + 2.0 * float(np.cos(np.pi / 13) + np.cos(2 * np.pi / 13))
    return [
        Case("two vibrations of a chain", chain, -edges),
        Case("largest eigenvalue", plain, -3.0, np.array([[1.0], [0.0], [0.0]])),
        Case("generalised, whole trace", general, -3.0),
    ]

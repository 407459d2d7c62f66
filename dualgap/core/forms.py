"""Standard mathematical programs, with no solver's words in them; all minimise.

One sign convention for row multipliers, everywhere: for ``min f(x)`` with rows ``row_lower <= a(x) <= row_upper``
the Lagrangian is ``f(x) - sum_i y_i (a_i(x) - b_i)``: ``y_i >= 0`` prices the lower side of a row, ``y_i <= 0``
its upper side, and ``y_i`` is the change of the optimum per unit of ``b_i``.
Constraints written ``g(x) <= 0`` have multipliers ``>= 0`` and the Lagrangian ``f + mu'g + nu'h``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dualgap.core.sets import Set, Simplex

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class Convexity(StrEnum):
    """What is known of a smooth program's objective and inequalities."""

    LINEAR = "linear"
    CONVEX = "convex"
    STRONGLY_CONVEX = "strongly-convex"
    NONCONVEX = "nonconvex"


@dataclass(frozen=True)
class Form:
    """Base of the forms; ``title`` is what people read in routes."""

    title: ClassVar[str] = "form"


@dataclass(frozen=True)
class MixedIntegerProgram(Form):
    """``min cost'x + offset``, ``row_lower <= matrix x <= row_upper``, ``lower <= x <= upper``, ``integer`` ones whole.

    Attributes:
        cost: (n,) int64 or float64; a float stands for its shortest decimal where arithmetic is exact.
        matrix: (m, n) CSR.
        row_lower, row_upper: (m,) with infinities.
        lower, upper: (n,) with infinities.
        integer: (n,) bool.
        columns, rows: names, empty where nothing is named.
    """

    title: ClassVar[str] = "mixed-integer program"
    cost: np.ndarray
    matrix: csr_array
    row_lower: np.ndarray
    row_upper: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    integer: np.ndarray
    offset: float = 0.0
    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(variables, rows)."""
        return len(self.cost), len(self.row_lower)

    def objective(self, point: np.ndarray) -> float:
        return float(self.cost @ point) + self.offset

    def violation(self, point: np.ndarray) -> float:
        """The largest violation of a row, a bound or integrality (absolute)."""
        activity = self.matrix @ point
        parts = [self.row_lower - activity, activity - self.row_upper, self.lower - point, point - self.upper]
        fractional = np.abs(point - np.rint(point))[self.integer]
        return float(max(0.0, *(part.max(initial=0.0) for part in (*parts, fractional))))


@dataclass(frozen=True)
class Cones:
    """A product cone; its rows come in the order of the fields.

    Attributes:
        zero, nonnegative: numbers of rows.
        second_order: dimensions of cones ``{(t, u): ||u|| <= t}``.
        exponential: number of triples ``(x, y, z)`` in the closure of ``{y exp(x / y) <= z, y > 0}``.
        semidefinite: orders of symmetric positive semidefinite matrices; each is the column-major lower triangle,
            ``X11, X21, ..., Xn1, X22, ...``, off-diagonal entries times ``sqrt(2)``, so that inner products are those
            of the matrices (as SCS has it; Clarabel takes the upper triangle).
    """

    zero: int = 0
    nonnegative: int = 0
    second_order: tuple[int, ...] = ()
    exponential: int = 0
    semidefinite: tuple[int, ...] = ()

    @property
    def rows(self) -> int:
        triangles = sum(order * (order + 1) // 2 for order in self.semidefinite)
        return self.zero + self.nonnegative + sum(self.second_order) + 3 * self.exponential + triangles


@dataclass(frozen=True)
class ConicProgram(Form):
    """``min 1/2 x'Px + cost'x + offset`` with ``right_side - matrix x`` in ``cones``; ``quadratic`` is P or None.

    P is symmetric positive semidefinite, given whole. The witness is ``ConicMultipliers``.
    """

    title: ClassVar[str] = "conic program"
    cost: np.ndarray
    matrix: csr_array
    right_side: np.ndarray
    cones: Cones
    quadratic: csr_array | None = None
    offset: float = 0.0

    @property
    def size(self) -> tuple[int, int]:
        """(variables, rows)."""
        return len(self.cost), len(self.right_side)

    def objective(self, point: np.ndarray) -> float:
        curved = 0.0 if self.quadratic is None else 0.5 * float(point @ (self.quadratic @ point))
        return float(self.cost @ point) + curved + self.offset


@dataclass(frozen=True)
class SmoothProgram(Form):
    """``min f(x, data)`` with ``g(x, data) <= 0``, ``h(x, data) = 0``, x in ``domain``.

    The functions take pytrees and run under JAX; ``data`` is passed as an argument, because a closure over data
    recompiles for every instance: functions should be module-level. ``lipschitz`` bounds the gradient's Lipschitz
    constant where known (it sets the step); ``modulus`` is the strong convexity constant.
    """

    title: ClassVar[str] = "smooth program"
    objective: Callable[[Any, Any], Any]
    initial: Any
    data: Any = None
    domain: Set | None = None
    inequalities: Callable[[Any, Any], Any] | None = None
    equalities: Callable[[Any, Any], Any] | None = None
    convexity: Convexity = Convexity.NONCONVEX
    lipschitz: float | None = None
    modulus: float = 0.0


@dataclass(frozen=True)
class Inner:
    """The inner minimum at given multipliers: q, a supergradient of q there, and a minimiser."""

    value: float
    supergradient: np.ndarray
    primal: Any


@dataclass(frozen=True)
class DualisedProgram(Form):
    """``max q(multipliers)``, ``q = min over x in X of L(x, multipliers)``: bounds for the program that was dualised.

    Attributes:
        dimension: number of multipliers.
        lower, upper: (dimension,) sign constraints of the multipliers, 0 or infinite.
        inner: the inner minimum, in closed form or by an oracle.
        primal_value: objective of a feasible point at hand, for Polyak steps; infinite where none is.
        primal: the objective of the program that was dualised, infinite at points that aren't feasible; None where it
            can't be told.
        scale: (dimension,) typical sizes of the supergradient's entries, so that steps fit rows in any unit; None for
            all alike.
        total: what the multipliers, all at least 0, must sum to (1 for the weights of a worst case); None for nothing.
    """

    title: ClassVar[str] = "dualised program"
    dimension: int
    lower: np.ndarray
    upper: np.ndarray
    inner: Callable[[np.ndarray], Inner]
    initial: np.ndarray
    primal_value: float = float("inf")
    scale: np.ndarray | None = None
    primal: Callable[[Any], float] | None = None
    total: float | None = None

    def nearest(self, multipliers: np.ndarray) -> np.ndarray:
        """(dimension,) the nearest multipliers that the signs and ``total`` allow."""
        if self.total is not None:
            return np.asarray(Simplex(self.total).project(multipliers))
        clipped: np.ndarray = np.clip(multipliers, self.lower, self.upper)
        return clipped


@dataclass(frozen=True)
class SaddleProgram(Form):
    """``min over x in x_set, max over y in y_set of f(x, y, data)``; a point is the pair (x, y).

    ``objective`` runs under JAX, as a smooth program's does; its witness is ``Strategies``, the pair in flat vectors.

    Attributes:
        best_x, best_y: best responses where known, as functions of the other player's strategy and ``data``: each gives
            one side of the interval.
        payoff: P where the objective is ``x'Py`` of vectors x and y: solvers multiply by it in NumPy.
        convexity: ``CONVEX`` where f is convex in x and concave in y.
    """

    title: ClassVar[str] = "saddle program"
    objective: Callable[[Any, Any, Any], Any]
    x_set: Set
    y_set: Set
    initial: tuple[Any, Any]
    data: Any = None
    best_x: Callable[[Any, Any], Any] | None = None
    best_y: Callable[[Any, Any], Any] | None = None
    convexity: Convexity = Convexity.CONVEX
    payoff: np.ndarray | None = None


def bilinear(x: Any, y: Any, payoff: Any) -> Any:
    """``x'Py``, the objective of saddle programs with a payoff matrix as their data."""
    return x @ payoff @ y


@dataclass(frozen=True)
class EigenProgram(Form):
    """``min -tr(X'BX)`` with ``X'CX = I``, X of ``rank`` columns; B symmetric, C symmetric positive definite."""

    title: ClassVar[str] = "eigenvalue program"
    b: np.ndarray
    c: np.ndarray
    rank: int
    labels: Mapping[str, str] = field(default_factory=dict)

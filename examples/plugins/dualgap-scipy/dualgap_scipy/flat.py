"""A smooth program on one flat vector of floats, as SciPy wants it: bounds, constraints and derivatives from JAX.

The domain becomes bounds and constraints too; its constraints come after the form's own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from dualgap import Affine, Ball, Box, BoxRows, Context, Halfspace, Product, Reals, Set, Simplex, SmoothProgram, Stop

_SETS = (Reals, Box, BoxRows, Simplex, Ball, Halfspace, Affine)


class Halted(Exception):
    """Raised out of SciPy's loop; ``stop`` says why."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop)
        self.stop = stop


def x64() -> AbstractContextManager[Any]:
    """JAX in double precision, in this block and thread only."""
    import jax

    if hasattr(jax, "enable_x64"):
        scope: AbstractContextManager[Any] = jax.enable_x64(True)
        return scope
    from jax.experimental import enable_x64

    older: AbstractContextManager[Any] = enable_x64()
    return older


def unfit(form: SmoothProgram) -> str | None:
    """Why a form can't be stated for SciPy, or None."""
    for part in _factors(form.domain):
        if not isinstance(part, _SETS) or (isinstance(part, Ball) and part.order == 1):
            kind = "an l1 ball" if isinstance(part, Ball) else f"a {type(part).__name__}"
            return f"{kind} can't be stated as SciPy's bounds and constraints; pgd projects on it"
    return None


class Flat:
    """The program and its derivatives, for the length of one run inside ``x64``.

    Attributes:
        start: where to begin, inside the domain; ``moved`` where the given start wasn't.
        last: the last point at which the objective was computed.
        count_below, count_equal: numbers of rows ``g(x) <= 0`` and ``h(x) = 0``, the domain's included;
            own_below, own_equal: those of the form itself, which come first.
    """

    def __init__(self, form: SmoothProgram, ctx: Context) -> None:
        import jax

        self._form, self._ctx = form, ctx
        given = form.initial if ctx.start is None else ctx.start
        inside = given if form.domain is None else form.domain.project(given)
        leaves, self._structure = jax.tree.flatten(inside)
        self._shapes = [np.shape(leaf) for leaf in leaves]
        ends = [0, *np.cumsum([np.size(leaf) for leaf in leaves]).tolist()]
        self._pieces = ends[:-1], ends[1:]
        self.start = _raveled(inside)
        self.moved = not np.array_equal(self.start, _raveled(given))
        self.last = self.start
        with ctx.phase("compile"):
            self._compile()

    def _compile(self) -> None:
        import jax
        import jax.numpy as jnp

        form, unravel = self._form, self._unraveled

        def objective(flat: Any, data: Any) -> Any:
            return form.objective(unravel(flat), data)

        def stacked(own: Any, of_set: Callable[[Any, Any], list[Any]]) -> Callable[[Any, Any], Any]:
            def rows(flat: Any, data: Any) -> Any:
                x = unravel(flat)
                parts = [] if own is None else [jnp.ravel(own(x, data))]
                return jnp.concatenate([*parts, *of_set(form.domain, x), jnp.zeros(0)])

            return rows

        below, equal = stacked(form.inequalities, _below), stacked(form.equalities, _equal)
        self._value = jax.jit(objective)
        self._value_and_slope = jax.jit(jax.value_and_grad(objective))
        self._below, self._equal = jax.jit(below), jax.jit(equal)
        self._below_slope, self._equal_slope = jax.jit(jax.jacobian(below)), jax.jit(jax.jacobian(equal))
        tree = unravel(jnp.asarray(self.start))
        self.count_below, self.count_equal = len(self.below(self.start)), len(self.equal(self.start))
        self.own_below = 0 if form.inequalities is None else jnp.size(form.inequalities(tree, form.data))
        self.own_equal = 0 if form.equalities is None else jnp.size(form.equalities(tree, form.data))
        self._kept: tuple[bytes, float, np.ndarray] = (b"", 0.0, self.start)

    # What SciPy calls.
    def value(self, x: np.ndarray) -> float:
        return self._at(x)[0]

    def slope(self, x: np.ndarray) -> np.ndarray:
        return self._at(x)[1]

    def below(self, x: np.ndarray) -> np.ndarray:
        return np.array(self._below(x, self._form.data), dtype=np.float64)

    def below_slope(self, x: np.ndarray) -> np.ndarray:
        return np.array(self._below_slope(x, self._form.data), dtype=np.float64)

    def equal(self, x: np.ndarray) -> np.ndarray:
        return np.array(self._equal(x, self._form.data), dtype=np.float64)

    def equal_slope(self, x: np.ndarray) -> np.ndarray:
        return np.array(self._equal_slope(x, self._form.data), dtype=np.float64)

    @property
    def bounds(self) -> Any:
        """SciPy's ``Bounds``, None where there are none."""
        from scipy.optimize import Bounds

        lower, upper = limits(self._form.domain, self.tree(self.start))
        return Bounds(lower, upper) if np.isfinite(lower).any() or np.isfinite(upper).any() else None

    # Points.
    def tree(self, x: np.ndarray) -> Any:
        """The point in the form's own shape."""
        return self._unraveled(x)

    def shaped(self, x: np.ndarray) -> np.ndarray:
        """The point as one array: its own shape where it is an array, else flat."""
        tree = self.tree(x)
        return tree if isinstance(tree, np.ndarray) else x

    def inside(self, x: np.ndarray) -> np.ndarray:
        """The nearest point of the domain: SciPy's ends within rounding of it."""
        domain = self._form.domain
        return x if domain is None else _raveled(domain.project(self.tree(x)))

    def value_at(self, x: np.ndarray) -> float:
        return float(self._value(x, self._form.data))

    def violation(self, x: np.ndarray) -> float:
        """The largest violation of a constraint, the domain's included (absolute)."""
        return float(max(self.below(x).max(initial=0.0), np.abs(self.equal(x)).max(initial=0.0)))

    def _unraveled(self, x: Any) -> Any:
        """The tree of a flat vector, NumPy's or traced."""
        pieces = [x[cut:end].reshape(shape) for cut, end, shape in zip(*self._pieces, self._shapes, strict=True)]
        return self._structure.unflatten(pieces)

    def _at(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Value and gradient, computed once for a point.

        Raises:
            Halted: time is up, or the objective isn't finite.
        """
        key = x.tobytes()
        if key == self._kept[0]:
            return self._kept[1:]
        if self._ctx.should_stop():
            raise Halted(Stop.TIME)
        value, slope = self._value_and_slope(x, self._form.data)
        if not (np.isfinite(value) and np.isfinite(slope).all()):
            raise Halted(Stop.NONFINITE)
        self.last = np.array(x)
        self._kept = key, float(value), np.array(slope, dtype=np.float64)
        self._ctx.report(point=self.tree(self.last))
        return self._kept[1:]


def limits(domain: Set | None, tree: Any) -> tuple[np.ndarray, np.ndarray]:
    """Elementwise bounds of a domain's points, flat like them; infinite where the set gives none."""
    pairs = [_limits(part, np.asarray(leaf)) for part, leaf in _parts(domain, tree)]
    lower, upper = ([np.ravel(pair[side]) for pair in pairs] for side in (0, 1))
    return np.concatenate(lower), np.concatenate(upper)


def _limits(domain: Set | None, leaf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = np.full(leaf.shape, -np.inf), np.full(leaf.shape, np.inf)
    if isinstance(domain, Box | BoxRows):
        lower, upper = np.broadcast_to(domain.lower, leaf.shape), np.broadcast_to(domain.upper, leaf.shape)
    elif isinstance(domain, Simplex):
        lower, upper = np.zeros(leaf.shape), np.full(leaf.shape, float(domain.total))
    elif isinstance(domain, Ball):
        centre, radius = np.broadcast_to(domain.centre, leaf.shape), np.broadcast_to(domain.radius, leaf.shape)
        lower, upper = centre - radius, centre + radius
    return lower, upper


def _below(domain: Set | None, tree: Any) -> list[Any]:
    """Rows ``g(x) <= 0`` of a domain beside its bounds."""
    import jax.numpy as jnp

    rows: list[Any] = []
    for part, x in _parts(domain, tree):
        if isinstance(part, Ball) and part.order == 2:
            shift = x - jnp.asarray(part.centre)
            square = jnp.square(jnp.asarray(part.radius))
            rows.append(jnp.ravel(jnp.sum(shift**2, axis=-1, keepdims=True) - square))
        elif isinstance(part, Halfspace):
            rows.append(jnp.ravel(jnp.asarray(part.normal) @ x - part.offset))
        elif isinstance(part, BoxRows):
            activity = jnp.asarray(part.matrix) @ x
            sides = np.asarray(part.row_lower), np.asarray(part.row_upper)
            low, high = (np.flatnonzero(np.isfinite(side) & (sides[0] != sides[1])) for side in sides)
            rows += [sides[0][low] - activity[low], activity[high] - sides[1][high]]
    return rows


def _equal(domain: Set | None, tree: Any) -> list[Any]:
    """Rows ``h(x) = 0`` of a domain."""
    import jax.numpy as jnp

    rows: list[Any] = []
    for part, x in _parts(domain, tree):
        if isinstance(part, Simplex):
            rows.append(jnp.ravel(jnp.sum(x, axis=-1) - part.total))
        elif isinstance(part, Affine):
            rows.append(jnp.asarray(part.matrix) @ x - jnp.asarray(part.right_side))
        elif isinstance(part, BoxRows):
            same = np.flatnonzero(np.asarray(part.row_lower) == np.asarray(part.row_upper))
            rows.append((jnp.asarray(part.matrix) @ x)[same] - np.asarray(part.row_upper)[same])
    return rows


def _parts(domain: Set | None, tree: Any) -> list[tuple[Set | None, Any]]:
    """The simple sets of a domain, each with its leaf of the point."""
    import jax

    if isinstance(domain, Product):
        return [pair for part, leaf in zip(domain.factors, tree, strict=True) for pair in _parts(part, leaf)]
    if domain is None or isinstance(domain, Reals):
        return [(None, leaf) for leaf in jax.tree.leaves(tree)]
    return [(domain, tree)]


def _factors(domain: Set | None) -> list[Set]:
    if isinstance(domain, Product):
        return [part for factor in domain.factors for part in _factors(factor)]
    return [] if domain is None else [domain]


def _raveled(tree: Any) -> np.ndarray:
    """All leaves in one vector of float64."""
    import jax

    return np.concatenate([np.ravel(np.asarray(leaf, dtype=np.float64)) for leaf in jax.tree.leaves(tree)])

"""Linear relaxations of integer programs as smooth programs, on the unit box.

Columns are scaled to ``x = origin + span z`` with z in [0, 1] (an open-ended column keeps its unit), rows to norm 1,
so that steps and penalties fit data in any unit. ``relax-integrality`` keeps rows as constraints g(z) <= 0, h(z) = 0;
``relax-to-polytope`` puts a few dense rows into the domain, for solvers that only project.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dualgap.core.forms import Convexity, MixedIntegerProgram, SmoothProgram
from dualgap.core.polytope import BoxRows
from dualgap.core.relations import Relation
from dualgap.core.sets import Box
from dualgap.core.views import Bridge, Crossing
from dualgap.core.witness import FarkasRay, GradientPoint, Multipliers, Witness
from dualgap.engine.bridges.box import empty_box, integer_box, named
from dualgap.engine.bridges.dualise import dualise, multiplier_signs, refusal
from dualgap.solvers.polish import polish

MAX_DENSE_ROWS = 64
MAX_DENSE_ENTRIES = 4_000_000
_FAR = 1e3  # diameters: a projection from so far away is the linear program's solution, or nearly


def linear(z: Any, data: Any) -> Any:
    """cost'z + offset."""
    return data["cost"] @ z + data["offset"]


def inequalities(z: Any, data: Any) -> Any:
    """Rows ``matrix z - right_side <= 0``."""
    return _residual(z, data["inequalities"])


def equalities(z: Any, data: Any) -> Any:
    """Rows ``matrix z - right_side = 0``."""
    return _residual(z, data["equalities"])


def _residual(z: Any, rows: Any) -> Any:
    """Sparse rows as triples: products summed by row."""
    import jax

    products = rows["values"] * z[rows["columns"]]
    return jax.ops.segment_sum(products, rows["rows"], len(rows["right_side"])) - rows["right_side"]


@dataclass(frozen=True)
class _Scaled:
    """A program's relaxation on the unit box, and the ways back."""

    form: MixedIntegerProgram

    @cached_property
    def box(self) -> tuple[np.ndarray, np.ndarray]:
        return integer_box(self.form)

    @cached_property
    def span(self) -> np.ndarray:
        """(n,) a unit of z in units of x."""
        width = self.box[1] - self.box[0]
        return np.where(np.isfinite(width) & (width > 0), width, 1.0)

    @cached_property
    def origin(self) -> np.ndarray:
        """(n,) the x of z = 0."""
        lower, upper = self.box
        return np.where(np.isfinite(lower), lower, np.where(np.isfinite(upper), upper, 0.0))

    @cached_property
    def matrix(self) -> Any:
        """(rows, n) CSR over z, rows of norm 1."""
        from scipy.sparse import diags_array

        return (diags_array(1.0 / self.norms) @ self._columns).tocsr()

    @cached_property
    def _columns(self) -> Any:
        from scipy.sparse import diags_array

        return (self.form.matrix.astype(np.float64) @ diags_array(self.span)).tocsr()

    @cached_property
    def norms(self) -> np.ndarray:
        """(rows,) by which rows are divided."""
        norms = np.sqrt(np.asarray(self._columns.power(2).sum(axis=1)).ravel())
        return np.where(norms > 0, norms, 1.0)

    @cached_property
    def sides(self) -> tuple[np.ndarray, np.ndarray]:
        """(rows,) row_lower and row_upper over z."""
        shift = self.form.matrix @ self.origin
        return (self.form.row_lower - shift) / self.norms, (self.form.row_upper - shift) / self.norms

    @property
    def domain(self) -> Box:
        lower, upper = self.box
        return Box((lower - self.origin) / self.span, (upper - self.origin) / self.span)

    @property
    def objective(self) -> dict[str, Any]:
        cost = self.form.cost.astype(np.float64)
        return {"cost": cost * self.span, "offset": float(cost @ self.origin) + self.form.offset}

    def decode(self, z: Any) -> np.ndarray:
        x = self.origin + self.span * np.asarray(z, dtype=np.float64)
        clipped: np.ndarray = np.clip(x, *self.box)
        return clipped

    def encode(self, x: Any) -> np.ndarray:
        z: np.ndarray = (np.asarray(x, dtype=np.float64) - self.origin) / self.span
        return z

    def prove(self, rows: np.ndarray) -> Witness:
        """Row duals of the scaled rows in the program's own rows, of the right signs, polished where q is finite.

        Where the dual rises without end, the ray along which it does: the rows can't hold.
        """
        duals = np.clip(np.nan_to_num(rows / self.norms), *multiplier_signs(self.form))
        if refusal(self.form):
            return Multipliers(rows=duals)
        peak = polish(dualise(self.form), duals)
        return Multipliers(rows=peak.multipliers) if peak.ray is None else FarkasRay(rows=peak.ray)

    def crossing(self, form: SmoothProgram, lift: Callable[[Witness], Witness | None]) -> Crossing:
        return Crossing(
            form=form, decode=self.decode, encode=self.encode, lift_bound=lambda bound: bound, lift_witness=lift
        )


def _relax(form: MixedIntegerProgram) -> Crossing:
    scaled = _Scaled(form)
    low, high = scaled.sides
    equal = np.flatnonzero(low == high)
    below = np.flatnonzero(np.isfinite(high) & (low != high))
    above = np.flatnonzero(np.isfinite(low) & (low != high))
    data = scaled.objective
    if len(below) + len(above):
        from scipy.sparse import vstack

        stacked = vstack([scaled.matrix[below], -scaled.matrix[above]], format="coo")
        data["inequalities"] = _triples(stacked, np.concatenate([high[below], -low[above]]))
    if len(equal):
        data["equalities"] = _triples(scaled.matrix[equal].tocoo(), high[equal])
    domain = scaled.domain
    program = SmoothProgram(
        objective=linear,
        initial=domain.project(np.zeros(len(form.cost))),
        data=data,
        domain=domain,
        inequalities=inequalities if len(below) + len(above) else None,
        equalities=equalities if len(equal) else None,
        convexity=Convexity.LINEAR,
        lipschitz=0.0,
    )

    def lift(witness: Witness) -> Witness | None:
        """L = f + mu'g + nu'h has ``y = -nu`` on equalities, ``-mu`` on upper and ``mu`` on lower sides."""
        if not isinstance(witness, Multipliers):
            return None
        rows = np.zeros(len(low))
        rows[equal] = -witness.equalities
        rows[below] -= witness.rows[: len(below)]
        rows[above] += witness.rows[len(below) :]
        return scaled.prove(rows)

    return scaled.crossing(program, lift)


def _triples(matrix: Any, right_side: np.ndarray) -> dict[str, np.ndarray]:
    rows, columns = matrix.coords
    return {"rows": rows, "columns": columns, "values": matrix.data, "right_side": right_side}


def _to_polytope(form: MixedIntegerProgram) -> Crossing:
    scaled = _Scaled(form)
    box, data = scaled.domain, scaled.objective
    low, high = scaled.sides
    domain = BoxRows(box.lower, box.upper, scaled.matrix.toarray(), low, high)
    program = SmoothProgram(
        objective=linear,
        initial=box.project(np.zeros(len(form.cost))),
        data=data,
        domain=domain,
        convexity=Convexity.LINEAR,
        lipschitz=0.0,
    )

    def lift(witness: Witness) -> Witness | None:
        """The projection of ``z - step cost`` is ``clip(z - step (cost - A'y))`` with ``y = mu / step``."""
        if not isinstance(witness, GradientPoint):
            return None
        size = float(np.linalg.norm(data["cost"]))
        if size == 0.0:
            return scaled.prove(np.zeros(len(low)))
        step = _FAR * np.sqrt(len(form.cost)) / size
        mu = domain.multipliers(witness.point - step * data["cost"])
        return scaled.prove(mu / step)

    return scaled.crossing(program, lift)


def _too_dense(form: MixedIntegerProgram) -> str | None:
    columns, rows = form.size
    if rows > MAX_DENSE_ROWS or rows * columns > MAX_DENSE_ENTRIES:
        return f"{rows} rows of {columns} columns are too many to project on (at most {MAX_DENSE_ROWS} rows)"
    lower, upper = integer_box(form)
    endless = np.flatnonzero(~np.isfinite(upper - lower))
    if endless.size:
        return f"the projection needs finite bounds on {named(form.columns, endless)}"
    return empty_box(form)


RELAX_INTEGRALITY = Bridge(
    name="relax-integrality",
    source=MixedIntegerProgram,
    target=SmoothProgram,
    relation=Relation.RELAXATION,
    cross=_relax,
    refuses=empty_box,
)

RELAX_TO_POLYTOPE = Bridge(
    name="relax-to-polytope",
    source=MixedIntegerProgram,
    target=SmoothProgram,
    relation=Relation.RELAXATION,
    cross=_to_polytope,
    refuses=_too_dense,
)

"""CVXPY's models: canonical arrays from its own chain of reductions, and answers back through it.

Source: Agrawal, Verschueren, Diamond and Boyd, A rewriting system for convex optimization problems (2018).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, product
from typing import Any

import cvxpy
import numpy as np
from cvxpy.constraints import SOC, ExpCone, NonNeg, PowCone3D, SvecPSD, Zero
from cvxpy.reductions.solution import Solution, failure_solution
from cvxpy.reductions.solvers import utilities
from cvxpy.reductions.solvers.conic_solvers.conic_solver import ConicSolver
from cvxpy.utilities.psd_utils import TriangleKind
from scipy.sparse import csr_array

from dualgap.core.claim import Stop
from dualgap.core.errors import Fault, SpecError
from dualgap.models.cones import conic_program
from dualgap.models.model import Found, Model
from dualgap.problems.integer_program import IntegerProgram, Sparse

_CONES = {"soc": "second-order", "psd": "semidefinite", "exp": "exponential", "p3d": "power", "pnd": "power"}
_LIMITS = (Stop.TIME, Stop.ITERATIONS, Stop.MEMORY, Stop.INTERRUPTED)


class _Canonical(ConicSolver):  # type: ignore[misc]
    """Asks CVXPY for arrays, and tells it what was found on them; it solves nothing.

    It says that it takes every cone, so that the refusal of those that dualgap can't take names them.
    """

    MIP_CAPABLE = True
    BOUNDED_VARIABLES = True
    SUPPORTED_CONSTRAINTS = (Zero, NonNeg, SOC, ExpCone, SvecPSD, PowCone3D)
    MI_SUPPORTED_CONSTRAINTS = SUPPORTED_CONSTRAINTS
    PSD_TRIANGLE_KIND = TriangleKind.LOWER
    PSD_SQRT2_SCALING = True
    EXP_CONE_ORDER = (0, 1, 2)

    def name(self) -> str:
        return "DUALGAP"

    def import_solver(self) -> None:
        """There is nothing to import."""

    def supports_quad_obj(self) -> bool:
        return True

    def cite(self, data: Any) -> str:
        return ""

    def solve_via_data(self, *arguments: Any, **options: Any) -> Any:
        raise NotImplementedError("pass the problem to dualgap.solve, or solve it with method='dualgap'")

    def invert(self, found: Found, inverse: Mapping[str, Any]) -> Solution:
        """The canonical solution of what was found, its multipliers being CVXPY's duals already."""
        status = _status(found)
        if found.values is None:
            return failure_solution(status)
        duals = None
        if found.multipliers is not None:
            constraints = inverse[self.EQ_CONSTR] + inverse[self.NEQ_CONSTR]
            duals = utilities.get_dual_values(found.multipliers, utilities.extract_dual_value, constraints)
        return Solution(status, found.certificate.value, {inverse[self.VAR_ID]: found.values}, duals, {})


_CANONICAL = _Canonical()  # one for all: CVXPY keeps the canonical form of a model by its solver


@dataclass(frozen=True)
class CvxpyModel(Model):
    """A ``cvxpy.Problem`` read, in canonical variables; with CVXPY's own way back from them.

    Attributes:
        chain, inverse: CVXPY's reductions and what they need to undo them.
        places: of a model with cones, where each of CVXPY's rows is among ours; None for rows alone.
    """

    chain: Any
    inverse: Any
    places: np.ndarray | None = None

    def fill(self, found: Found) -> None:
        """Sets what ``solve`` sets (values, duals, ``status``, ``value``), and ``certificate``.

        ``status`` is "optimal" for an optimum only; an answer that a limit cut short, the gap that was asked for
        included, is "user_limit". Without an answer, values are None.
        """
        _clear(self.source)
        if found.values is not None or found.infeasible or found.unbounded:
            priced = replace(found, multipliers=self._duals(found.multipliers))
            self.source.unpack(self.chain.invert(priced, self.inverse))  # without CVXPY's warning of inaccuracy
        else:
            self.source._status = _status(found)  # CVXPY unpacks no solution that isn't there
        self.source.certificate = found.certificate

    def _duals(self, multipliers: np.ndarray | None) -> np.ndarray | None:
        """CVXPY's duals of ``right side - matrix x in cone``: minus our multipliers of rows, and those of cones."""
        if multipliers is None:
            return None
        return -multipliers if self.places is None else multipliers[self.places]


def _clear(source: Any) -> None:
    """No value of an earlier solve stays."""
    for variable in source.variables():
        variable.save_value(None)
    for constraint in source.constraints:
        for dual in constraint.dual_variables:
            dual.save_value(None)
    source._value = source._solution = source._solver_stats = None


def _status(found: Found) -> str:
    if found.optimal:
        return str(cvxpy.OPTIMAL)
    if found.infeasible:
        return str(cvxpy.INFEASIBLE)
    if found.unbounded:
        return str(cvxpy.UNBOUNDED)
    cut_short = found.values is not None or found.stop in _LIMITS
    return str(cvxpy.USER_LIMIT if cut_short else cvxpy.SOLVER_ERROR)


def read(source: Any) -> CvxpyModel:
    """A ``cvxpy.Problem`` in canonical form: an ``integer-program``, or a ``conic-program`` where it needs cones.

    Raises:
        SpecError: the model isn't disciplined convex, a parameter has no value, it has whole variables besides cones,
            or it needs power cones; says which.
    """
    if not source.variables():
        raise _refusal("no variables", "there is nothing to decide")
    unset = [parameter.name() for parameter in source.parameters() if parameter.value is None]
    if unset:
        raise _refusal(f"no value of {', '.join(unset)}", "set the value of every parameter")
    try:
        data, chain, inverse = source.get_problem_data(solver=_CANONICAL)
    except (cvxpy.error.DCPError, cvxpy.error.SolverError) as error:
        raise _refusal(
            " ".join(str(error).split()), "state it by CVXPY's rules of disciplined convex programs"
        ) from None
    cones = dict.fromkeys(name for field, name in _CONES.items() if getattr(data["dims"], field))
    offset = float(inverse[-1]["offset"])
    quadratic = data.get("P") is not None and data["P"].nnz > 0
    if not cones and not quadratic:
        return CvxpyModel(_program(source, data, offset), source, chain, inverse)
    stuffed = data["param_prob"]
    held = " and ".join([*(f"{name} cones" for name in cones), *(["a quadratic objective"] if quadratic else [])])
    if "power" in cones:
        raise _refusal(held, "dualgap takes second-order, exponential and semidefinite cones")
    if stuffed.x.boolean_idx or stuffed.x.integer_idx:
        raise _refusal(f"{held} with whole variables", "dualgap takes cones with continuous variables alone")
    sign = -1.0 if isinstance(source.objective, cvxpy.Maximize) else 1.0
    problem, places = conic_program(data, sign, offset, tuple(_columns(source, stuffed)))
    return CvxpyModel(problem, source, chain, inverse, places)


def _refusal(message: str, remedy: str) -> SpecError:
    return SpecError([Fault("(top)", message, remedy)], "CVXPY's model")


def _program(source: Any, data: Mapping[str, Any], offset: float) -> IntegerProgram:
    """``min c'x + offset, b - A x in cone``, turned round where the model maximises."""
    stuffed, dims = data["param_prob"], data["dims"]
    sign = -1.0 if isinstance(source.objective, cvxpy.Maximize) else 1.0
    right = data["b"]
    integer = np.zeros(len(data["c"]), dtype=np.int64)
    boolean, whole = (np.array(at, dtype=np.int64).ravel() for at in (stuffed.x.boolean_idx, stuffed.x.integer_idx))
    integer[boolean] = integer[whole] = 1
    lower, upper = _side(data["lower_bounds"], -np.inf, integer), _side(data["upper_bounds"], np.inf, integer)
    lower[boolean], upper[boolean] = np.maximum(lower[boolean], 0.0), np.minimum(upper[boolean], 1.0)
    return IntegerProgram(
        objective="minimize" if sign > 0 else "maximize",
        cost=sign * data["c"] + 0.0,
        offset=sign * offset + 0.0,
        matrix=Sparse.of(csr_array(data["A"])),
        row_lower=np.where(np.arange(len(right)) < dims.zero, right, -np.inf),
        row_upper=right,
        lower=lower,
        upper=upper,
        integer=integer,
        columns=tuple(_columns(source, stuffed)),
        rows=tuple(_rows(source, stuffed)),
    )


def _side(bounds: np.ndarray | None, missing: float, like: np.ndarray) -> np.ndarray:
    return np.full(len(like), missing) if bounds is None else np.array(bounds, dtype=np.float64)


def _columns(source: Any, stuffed: Any) -> Iterator[str]:
    """Names of canonical variables: the model's own, else ``aux1`` and so on.

    A diagonal or sparse variable is replaced by the vector of what it holds, which has its name but another id.
    """
    own = {variable.id: variable.name() for variable in source.variables()}
    ordered = sorted(stuffed.variables, key=lambda variable: stuffed.var_id_to_col[variable.id])
    found = [own.get(variable.id, variable.name()) for variable in ordered]
    names = set(own.values())
    return _spread([name if name in names else None for name in found], "aux", [item.shape for item in ordered])


def _rows(source: Any, stuffed: Any) -> Iterator[str]:
    """Names of canonical rows: a constraint's label, or ``c1`` and so on in the model's order; ``def1`` for others."""
    own = {row.id: getattr(row, "label", None) or f"c{k}" for k, row in enumerate(source.constraints, start=1)}
    ordered = [*stuffed.constr_map[Zero], *stuffed.constr_map[NonNeg]]
    return _spread([own.get(row.id) for row in ordered], "def", [row.shape for row in ordered])


def _spread(names: Sequence[str | None], other: str, shapes: Sequence[Sequence[int]]) -> Iterator[str]:
    """A name for every entry; those without get a number behind ``other``, those taken before one behind ``~``."""
    taken: Counter[str] = Counter()
    unnamed = count(1)
    for given, shape in zip(names, shapes, strict=True):
        name = given or f"{other}{next(unnamed)}"
        taken[name] += 1
        yield from _entries(name if taken[name] == 1 else f"{name}~{taken[name]}", shape)


def _entries(name: str, shape: Sequence[int]) -> list[str]:
    """``x[0,0]``, ``x[1,0]`` and so on: the first index runs fastest, as in CVXPY's vectors."""
    if not shape:
        return [name]
    places = product(*(map(str, range(length)) for length in reversed(shape)))
    return [f"{name}[{','.join(reversed(place))}]" for place in places]

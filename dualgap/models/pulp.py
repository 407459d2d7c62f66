"""PuLP's models: arrays out of its dictionaries; values, duals and an honest status back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError
from scipy.sparse import csr_array

from dualgap.core.arrays import as_number
from dualgap.core.errors import Fault, SpecError
from dualgap.models.model import Found, Model
from dualgap.problems.integer_program import IntegerProgram, Sparse

_EXACT_FLOAT = 2.0**53
_INTEGER = ("Integer", "Binary")
_CATEGORIES = (*_INTEGER, "Continuous")

# PuLP's codes (pulp.constants): of the sense, the run, and the answer.
_MAXIMIZE = -1
_NOT_SOLVED, _OPTIMAL, _INFEASIBLE, _UNBOUNDED = 0, 1, -1, -2
_NO_ANSWER, _FEASIBLE_ANSWER = 0, 2


@dataclass(frozen=True)
class PulpModel(Model):
    """An ``LpProblem`` read: with PuLP's variables by column and its constraints by row."""

    variables: tuple[Any, ...]
    constraints: tuple[Any, ...]

    def fill(self, found: Found) -> None:
        """Sets what PuLP's solvers set, and ``certificate``; None where nothing is known.

        ``pi`` is the change of the objective, in its own sense, per unit of the right-hand side, ``dj`` the reduced
        cost that goes with it, and ``slack`` the right-hand side less the activity: as CBC reports them through PuLP.
        (PuLP's HiGHS negates ``pi`` where the model maximises, and ``slack`` for ``>=``.)
        """
        unknown = [None] * max(len(self.variables), len(self.constraints))
        values, slack, duals, reduced = unknown, unknown, unknown, unknown
        if found.values is not None:
            matrix = self.problem.matrix.csr()
            right = np.array([-constraint.constant for constraint in self.constraints], dtype=np.float64)
            values = found.values.tolist()
            slack = (right - matrix @ found.values).tolist()
            if found.multipliers is not None:
                price = -found.multipliers if self.source.sense == _MAXIMIZE else found.multipliers
                duals, reduced = price.tolist(), (self.problem.cost - matrix.T @ price).tolist()
        for variable, value, cost in zip(self.variables, values, reduced):
            variable.varValue, variable.dj = value, cost
        for constraint, room, dual in zip(self.constraints, slack, duals):
            constraint.slack, constraint.pi = room, dual
        if self.source.dummyVar is not None:  # PuLP's stand-in for an empty objective, which has no value without it
            self.source.dummyVar.varValue = None if found.values is None else 0.0
        self.source.assignStatus(*status(found))
        self.source.certificate = found.certificate

    def start(self) -> Any:
        """The values that the variables have now as an answer to start from; 0 for those without, None if all are."""
        values = {variable.name: variable.varValue for variable in self.variables if variable.varValue is not None}
        return self.problem.read_answer(values) if values else None


def status(found: Found) -> tuple[int, int]:
    """PuLP's codes: ``status`` and ``sol_status``.

    "Optimal" is said of an optimum and of an answer within the gap that was asked for; ``sol_status`` tells the two
    apart ("Optimal Solution Found", "Solution Found"). An answer that a limit cut short is "Not Solved", "Solution
    Found"; without an answer it is "Not Solved", "No Solution Found".
    """
    if found.infeasible:
        return _INFEASIBLE, _INFEASIBLE
    if found.unbounded:
        return _UNBOUNDED, _UNBOUNDED
    if found.optimal:
        return _OPTIMAL, _OPTIMAL
    if found.within:
        return _OPTIMAL, _FEASIBLE_ANSWER
    return _NOT_SOLVED, _NO_ANSWER if found.values is None else _FEASIBLE_ANSWER


def read(source: Any, mip: bool = True) -> PulpModel:
    """A ``pulp.LpProblem`` as an ``integer-program``; its linear relaxation where ``mip`` is false.

    Raises:
        SpecError: lists what can't be taken over, by name.
    """
    rows: Mapping[str, Any] = source._constraints  # the public mapping warns of PuLP 4 at every access
    variables = tuple(variable for variable in source.variables() if variable is not source.dummyVar)
    names = tuple(variable.name for variable in variables)
    faults = [*_unsupported(source), *_bad_variables(variables, names)]
    if faults:
        raise SpecError(faults, f"PuLP's model {source.name}")
    at = {name: column for column, name in enumerate(names)}
    constraints = tuple(rows.values())
    lower, upper = _bounds(variables, names)
    right = _numbers([-constraint.constant for constraint in constraints], "right-hand side", list(rows).__getitem__)
    senses = np.fromiter((constraint.sense for constraint in constraints), np.int64, len(constraints))
    cost, offset = _objective(source, at)
    problem = IntegerProgram(
        objective="maximize" if source.sense == _MAXIMIZE else "minimize",
        cost=cost,
        offset=offset,
        matrix=Sparse.of(_matrix(rows, at)),
        row_lower=np.where(senses >= 0, right, -np.inf),
        row_upper=np.where(senses <= 0, right, np.inf),
        lower=lower,
        upper=upper,
        integer=np.array([mip and variable.cat in _INTEGER for variable in variables], dtype=np.int64),
        columns=names,
        rows=tuple(rows),
        name=source.name,
    )
    return PulpModel(problem, source, variables, constraints)


def _unsupported(source: Any) -> Iterator[Fault]:
    for kind in ("sos1", "sos2"):
        for name in getattr(source, kind):
            remedy = "state it with binary variables"
            yield Fault(str(name), f"a special ordered set ({kind}), which an integer program has no rows for", remedy)


def _bad_variables(variables: Iterable[Any], names: Sequence[str]) -> Iterator[Fault]:
    if len(set(names)) < len(names):
        for name, times in Counter(names).items():
            if times > 1:
                yield Fault(name, f"{times} variables have this name", "give each its own")
    for variable in variables:
        if variable.cat not in _CATEGORIES:
            yield Fault(variable.name, f"unknown category {variable.cat!r}", f"one of: {', '.join(_CATEGORIES)}")


def _bounds(variables: Sequence[Any], names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """(n,) lower and upper bounds; a category that was changed to Binary later means 0 or 1 all the same."""
    lower = [-np.inf if variable.lowBound is None else variable.lowBound for variable in variables]
    upper = [np.inf if variable.upBound is None else variable.upBound for variable in variables]
    binary = np.fromiter((variable.cat == "Binary" for variable in variables), bool, len(variables))
    least = _numbers(lower, "lower bound", names.__getitem__, none=-np.inf)
    most = _numbers(upper, "upper bound", names.__getitem__, none=np.inf)
    return np.where(binary, np.maximum(least, 0.0), least), np.where(binary, np.minimum(most, 1.0), most)


def _objective(source: Any, at: Mapping[str, int]) -> tuple[np.ndarray, float]:
    """Costs by column, and the constant; a model without an objective has none of either."""
    cost = np.zeros(len(at))
    if source.objective is None:
        return cost, 0.0
    used = [variable.name for variable in source.objective if variable is not source.dummyVar]
    values = [value for variable, value in source.objective.items() if variable is not source.dummyVar]
    cost[[at[name] for name in used]] = _numbers(values, "objective coefficient", used.__getitem__)
    return cost, float(_numbers([source.objective.constant], "constant", lambda _: "objective")[0])


def _matrix(rows: Mapping[str, Any], at: Mapping[str, int]) -> csr_array:
    """(m, n) coefficients, without Python code for each of them."""
    expressions = [constraint.expr for constraint in rows.values()]
    pointers = np.concatenate([[0], np.cumsum([len(expression) for expression in expressions], dtype=np.int64)])
    entries = list(chain.from_iterable(expression.values() for expression in expressions))
    columns = map(at.__getitem__, map(attrgetter("name"), chain.from_iterable(expressions)))
    names = list(rows)
    data = _numbers(entries, "coefficient", lambda k: names[int(np.searchsorted(pointers, k, side="right")) - 1])
    indices = np.fromiter(columns, np.int64, len(entries))
    return csr_array((data, indices, pointers), shape=(len(expressions), len(at)))


def _numbers(values: list[Any], what: str, owner: Callable[[int], str], none: float | None = None) -> np.ndarray:
    """float64 without loss; ``owner`` names what the k-th number belongs to, ``none`` is the infinity that is allowed.

    Raises:
        SpecError: a number is none, not finite, or loses digits.
    """
    array = np.array(values, dtype=None if values else np.float64)
    bad = ~(np.abs(array) < _EXACT_FLOAT) if array.dtype.kind in "if" else np.ones(len(values), dtype=bool)
    if none is not None and array.dtype.kind == "f":
        bad &= array != none
    for k in np.flatnonzero(bad).tolist():
        try:
            number = as_number(values[k])
        except PydanticCustomError as error:
            context = error.context or {}
            raise SpecError([Fault(owner(k), f"{what}: {context['message']}", str(context["remedy"]))]) from None
        if float(number) != number:
            raise SpecError([Fault(owner(k), f"{what}: {number} loses digits as a 64-bit float", "scale the data")])
    return array.astype(np.float64)

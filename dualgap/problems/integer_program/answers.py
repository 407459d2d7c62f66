"""Answers of an ``integer-program`` by column name: read, written and shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_array, as_number, fault_at
from dualgap.core.errors import Fault, SpecError
from dualgap.core.exact import fraction, nearest, simplest
from dualgap.core.statement import format_value

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram

_SHOWN_FAULTS = 5
_WHOLE = 1e-6  # how far solvers' files leave whole columns from whole numbers


def read_values(problem: IntegerProgram, data: Any) -> np.ndarray:
    """(n,) values from ``{"values": {name: number}}``, ``{name: number}`` or ``{"values": [...]}``.

    Columns that aren't named are 0. Whole columns are rounded where they are within 1e-6 of a whole number.

    Raises:
        SpecError: an unknown name, something else than a number, or a wrong length.
    """
    if not isinstance(data, Mapping):
        raise SpecError([Fault("(top)", "no answer here", 'write {"values": {"x": 1}}')], "answer")
    inner = data.get("values")
    given = inner if isinstance(inner, Mapping | list | tuple | np.ndarray) and len(data) == 1 else data
    values = _by_name(problem, given) if isinstance(given, Mapping) else _in_order(problem, given)
    near = problem.whole & (np.abs(values - np.rint(values)) <= _WHOLE)
    return as_array(np.where(near, np.rint(values), values)) if near.any() else values


def _by_name(problem: IntegerProgram, given: Mapping[str, Any]) -> np.ndarray:
    index = {name: j for j, name in enumerate(problem.columns)}
    faults = [Fault(str(name), "no such column in the spec") for name in given if name not in index]
    values: list[int | float] = [0] * problem.size
    for name, value in given.items():
        try:
            if name in index:
                values[index[name]] = as_number(value)
        except PydanticCustomError as error:
            faults.append(fault_at(str(name), error))
    if faults:
        raise SpecError(faults[:_SHOWN_FAULTS], "answer")
    return _array(values)


def _in_order(problem: IntegerProgram, given: Any) -> np.ndarray:
    values = _array(given)
    if values.shape != (problem.size,):
        message = f"{values.shape} entries, expected {problem.size}"
        raise SpecError([Fault("values", message, "one value a column")], "answer")
    return values


def _array(values: Any) -> np.ndarray:
    try:
        return as_array(values)
    except PydanticCustomError as error:
        raise SpecError([fault_at("values", error)], "answer") from None


def write_values(problem: IntegerProgram, values: np.ndarray) -> dict[str, Any]:
    """The inverse of ``read_values``, without zeros; values of another length as they stand."""
    if values.shape != (problem.size,):
        return {"values": values.tolist()}
    return {"values": {problem.columns[j]: _plain(values[j]) for j in np.flatnonzero(values).tolist()}}


def _plain(value: Any) -> int | float:
    number = value.item()
    return int(number) if float(number).is_integer() and abs(number) < 2**53 else number


def table(problem: IntegerProgram, values: np.ndarray) -> list[tuple[str, ...]]:
    """The columns that aren't zero, with their share of the objective."""
    rows: list[tuple[str, ...]] = [("column", "value", problem.quantity)]
    if values.shape != (problem.size,):
        return [*rows, ("(wrong length)", str(values.size), "")]
    for j in np.flatnonzero(values).tolist():
        share = problem.exact_cost.item(j) * fraction(values[j].item())
        rows.append((problem.columns[j], format_value(_plain(values[j])), format_value(simplest(nearest(share)))))
    return rows

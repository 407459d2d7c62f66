"""Numbers in raw specs that don't go into a field as they are: read, or refused at their place."""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_number, fault_at, shown
from dualgap.core.errors import Fault, SpecError


def whole(value: Any, where: str, least: int = 1) -> int:
    """A whole number.

    Raises:
        SpecError: anything else, or one below ``least``.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SpecError([Fault(where, f"{shown(value)} is no whole number from {least}", f"{max(least, 2048)}, say")])
    return value


def number(value: Any, where: str) -> float:
    """A finite number.

    Raises:
        SpecError: anything else.
    """
    try:
        return float(as_number(value))
    except PydanticCustomError as error:
        raise SpecError([fault_at(where, error)]) from None


def positive(value: Any, where: str) -> float:
    """A finite number above 0.

    Raises:
        SpecError: anything else.
    """
    found = number(value, where)
    if not found > 0:
        raise SpecError([Fault(where, f"{shown(value)} isn't positive", "a positive number")])
    return found

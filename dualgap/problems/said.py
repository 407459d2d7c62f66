"""Numbers and names in raw specs that don't go into a field as they are: read, or refused at their place."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_number, fault_at, shown
from dualgap.core.errors import Fault, SpecError

_MOST = 10**15


def whole(value: Any, where: str, least: int = 1) -> int:
    """A whole number.

    Raises:
        SpecError: anything else, one below ``least`` or beyond 10^15.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SpecError([Fault(where, f"{shown(value)} is no whole number from {least}", f"{max(least, 2048)}, say")])
    if value > _MOST:
        raise SpecError([Fault(where, f"{shown(value)} is beyond 10^15", "a smaller number")])
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


def chosen(value: Any, known: Collection[str], where: str, what: str) -> str:
    """One of the names that are known.

    Args:
        what: the names stand for.

    Raises:
        SpecError: another one, or no text.
    """
    if isinstance(value, str) and value in known:
        return value
    raise SpecError([Fault(where, f"unknown {what} {shown(value)}", f"one of {', '.join(known)}")])

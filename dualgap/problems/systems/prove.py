"""Infeasibility proved from a conflict."""

from __future__ import annotations

from collections.abc import Collection

from dualgap.core.certificate import Bound, Evidence, Sense
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.witness import Conflict
from dualgap.problems.systems.members import Kind, Member, System
from dualgap.problems.systems.refute import refute

_NAMED = 3  # rows in a sentence


def prove_conflict(form: MixedIntegerProgram, witness: Conflict, sense: Sense, seconds: float) -> Bound:
    """The bound of an infeasible problem, where the conflict's members are shown not to hold together.

    Args:
        form: an exact statement of the problem.
        sense: the problem's own.
        seconds: for the proof.

    Raises:
        InvalidWitnessError: a member names nothing, or no proof was found in time.
    """
    system = System(form)
    try:
        members = system.read(witness.members)
    except ValueError as error:
        raise InvalidWitnessError(f"no conflict: {error}") from None
    found = refute(system, members, seconds)
    if found is None:
        raise InvalidWitnessError(f"no proof within {seconds:g} s that the conflict's members can't hold together")
    return Bound(sense.worst, Evidence.PROVED, f"{summary(system, members)} can't hold together ({found.argument})")


def summary(system: System, members: Collection[Member]) -> str:
    """``labour, orders, 2 bounds and whole numbers``."""
    rows = list(dict.fromkeys(system.name(member) for member in members if member.kind is Kind.ROW))
    parts = rows if len(rows) <= _NAMED else [f"{len(rows):,} rows"]
    bounds = sum(member.kind is Kind.BOUND for member in members)
    parts += [f"{bounds:,} bound{'s' if bounds > 1 else ''}"] if bounds else []
    parts += ["whole numbers"] if any(member.kind is Kind.INTEGER for member in members) else []
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"

"""The exact mixed-integer program that a problem states, in which it is explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.problem import Problem
from dualgap.core.relations import Relation


@dataclass(frozen=True)
class ExactProgram:
    """A form with the problem's own points: ``decode`` makes them answers, where it can."""

    form: MixedIntegerProgram
    decode: Callable[[Any], Any] | None


def exact_program(problem: Problem) -> ExactProgram | None:
    """The first exact view as a mixed-integer program, built; None where there is none."""
    for view in problem.views():
        if view.relation is Relation.EXACT and view.form_type is MixedIntegerProgram:
            form = view.build()
            assert isinstance(form, MixedIntegerProgram)
            return ExactProgram(form, view.decode)
    return None

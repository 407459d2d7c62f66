"""The code of small plugins."""

from __future__ import annotations

from collections.abc import Callable

SOLVER = """
from dataclasses import dataclass
from dualgap import Claim, MixedIntegerProgram, Solver

@dataclass(frozen=True)
class {cls}(Solver):
    name = "{name}"
    summary = "takes nothing"
    accepts = (MixedIntegerProgram,)

    def solve(self, form, ctx):
        return Claim(point=form.lower, feasible=True)
"""

HOOK = """
from dualgap import hookimpl

@hookimpl
def dualgap_solvers():
    return {{"{name}": {target}}}
"""

Install = Callable[..., None]


def solver_code(name: str, cls: str = "Mine") -> str:
    """A module with one working solver, offered by its hook."""
    return SOLVER.format(name=name, cls=cls) + HOOK.format(name=name, target=cls)

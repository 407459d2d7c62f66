"""``solve --write-model``: the integer program that a route ends in, as a file for other tools."""

from __future__ import annotations

from pathlib import Path

from dualgap.cli.screen import tell
from dualgap.core.errors import UsageError
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.problem import Problem
from dualgap.engine.prepare import prepare
from dualgap.engine.routes import routes
from dualgap.plugins.registry import registry

WRITER = "highs"


def write_model(problem: Problem, solver: str | None, via: str | None, path: Path) -> None:
    """Writes the mixed-integer program that the strongest route to ``solver`` (HiGHS by default) begins with.

    Raises:
        UsageError: an unknown suffix, or no such program on the way to this solver.
    """
    from dualgap.solvers.model_files import SUFFIXES
    from dualgap.solvers.model_files import write_model as write

    if not path.name.endswith(SUFFIXES):
        raise UsageError(f"--write-model {path}: name a file that ends in {', '.join(SUFFIXES)}")
    instance = prepare(solver or WRITER).instance
    found = routes(problem, instance, registry().all_bridges(), via)
    views = [route.view for route in found if route.view is not None]
    view = next((view for view in views if issubclass(view.form_type, MixedIntegerProgram)), None)
    if view is None:
        raise UsageError(f"no integer program on the way from {problem.kind} to {instance.name}; take -s {WRITER}")
    form = view.build()
    assert isinstance(form, MixedIntegerProgram)
    lost = write(form, path)
    tell(f"model written to {path}" + (f" ({lost})" if lost else ""))

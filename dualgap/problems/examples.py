"""The example specs that a problem kind ships: ``examples/*.toml`` beside its module, as package data.

The one called ``basic`` is shown where nobody asks for another.
"""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path

from dualgap.core.errors import UsageError
from dualgap.core.problem import Problem


def examples(problem: type[Problem]) -> dict[str, Path]:
    """The shipped specs of a kind by name, in alphabetical order; empty where it ships none."""
    package = sys.modules[problem.__module__].__package__
    if not package:
        return {}
    folder = Path(str(resources.files(package) / "examples"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def example(problem: type[Problem], name: str | None = None) -> Path:
    """One of the shipped specs; without a name ``basic``, or else the first.

    Raises:
        UsageError: there is none of that name; names the ones there are.
    """
    known = examples(problem)
    if not known:
        raise UsageError(f"{problem.kind} ships no example; dualgap problems new {problem.kind} writes a spec")
    if name is None:
        return known.get("basic", next(iter(known.values())))
    if name not in known:
        raise UsageError(f"{problem.kind} has no example {name!r}; it has: {', '.join(known)}")
    return known[name]

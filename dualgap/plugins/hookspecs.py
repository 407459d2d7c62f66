"""The hooks that a plugin may implement. The built-ins come through the same ones.

Values may be objects, or strings ``"package.module:attribute"`` that are imported when they are first used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pluggy

NAME = "dualgap"

hookspec = pluggy.HookspecMarker(NAME)
hookimpl = pluggy.HookimplMarker(NAME)


@hookspec
def dualgap_solvers() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Solver classes by name, the same as their class variable ``name``."""


@hookspec
def dualgap_problems() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Problem classes by kind, the same as their class variable ``kind``."""


@hookspec
def dualgap_bridges() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Bridges (``dualgap.Bridge``) between forms by name."""


@hookspec
def dualgap_readers() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Readers of field files by suffix (``".kp"``): functions of a path that return a raw spec."""


@hookspec
def dualgap_exporters() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Formats of ``dualgap export --to`` by name: functions of a problem and an answer that return bytes."""


@hookspec
def dualgap_sections() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Parts of ``compare -o report.html`` by name: functions of a problem and its runs, the best first.

    They return a ``dualgap.Section``, or None where they have nothing to say of the problem.
    """


@hookspec
def dualgap_commands() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Commands of ``dualgap`` by name: ``typer.Typer`` objects. Give them as strings, so that help imports nothing."""


@hookspec
def dualgap_choices(problem: Any) -> Sequence[Any]:  # type: ignore[empty-body]
    """Solvers to take for ``problem`` where nobody names one, in the order to try: ``dualgap.Choice``.

    Return an empty sequence for problems that you have nothing to say about. Plugins speak before the built-ins.
    """

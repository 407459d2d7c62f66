"""Options that several commands share, and how their values are read. Light: nothing of the engine is imported here."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dualgap.study.sweep.sizes import bytes_of

_SECONDS = {"": 1.0, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def read_seconds(text: str | float) -> float:
    """Seconds from ``60``, ``1.5s``, ``250ms``, ``2m`` or ``1h``."""
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([a-z]*)\s*", str(text).lower())
    if match is None or match[2] not in _SECONDS:
        raise typer.BadParameter(f"{text!r} is no time; write 60, 1.5s, 250ms, 2m or 1h")
    return float(match[1]) * _SECONDS[match[2]]


def read_limit(text: str | float) -> float:
    """Seconds, more than none."""
    seconds = read_seconds(text)
    if seconds <= 0:
        raise typer.BadParameter(f"{text!r} is no time to work in; write 60, 1.5s, 250ms, 2m or 1h")
    return seconds


def read_bytes(text: str | int) -> int:
    """Bytes from ``8G``, ``512M``, ``1.5GiB`` or a plain number; prefixes are powers of 1024."""
    try:
        return bytes_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def read_gap(text: str | float) -> float:
    """A relative gap from ``0.01`` or ``1%``."""
    match = re.fullmatch(r"\s*(\d+\.?\d*(?:e-?\d+)?|\.\d+)\s*(%?)\s*", str(text).lower())
    if match is None:
        raise typer.BadParameter(f"{text!r} is no gap; write 0.01 or 1%")
    return float(match[1]) / (100 if match[2] else 1)


def load_plugins(paths: list[Path] | None) -> list[Path] | None:
    """Loads local plugins as soon as the option is met, so that names in later options can come from them."""
    if paths:
        from dualgap.plugins.registry import registry

        for path in paths:
            registry().load_path(path)
    return paths


def complete_solver(incomplete: str) -> list[str]:
    """Solver names that start as typed; a label or parameters are left alone."""
    from dualgap.plugins.registry import registry

    return [name for name in registry().solvers if name.startswith(incomplete)]


def complete_kind(incomplete: str) -> list[str]:
    """Kinds that start as typed."""
    from dualgap.plugins.registry import registry

    return [kind for kind in registry().problems if kind.startswith(incomplete)]


class Requirement(StrEnum):
    """What ``--require`` may ask for, strongest first."""

    PROVED = "proved"
    OPTIMAL = "optimal"
    WITHIN = "within"
    FEASIBLE = "feasible"


Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin", metavar="FILE.py", callback=load_plugins, is_eager=True, help="Load a local plugin; repeatable."
    ),
]
Spec = Annotated[str, typer.Argument(metavar="SPEC", help="A spec (TOML or JSON), a field file, or - for stdin.")]
Subject = Annotated[
    str, typer.Argument(metavar="SPEC|RUN", help="A spec, a run saved with solve -o, or - for a spec on stdin.")
]
AnswerFile = Annotated[
    Path | None, typer.Argument(metavar="[RUN]", help="A run of the spec, or an answer in any file that verify takes.")
]
Kind = Annotated[str, typer.Argument(metavar="KIND", autocompletion=complete_kind, help="A kind of problem.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Override a field of the spec; repeatable."),
]
Time = Annotated[
    float, typer.Option("--time", parser=read_limit, metavar="SECONDS", help="Wall limit of a solver: 60, 1.5s, 2m.")
]
Gap = Annotated[
    float, typer.Option("--gap", parser=read_gap, metavar="GAP", help="Relative gap that is good enough: 0.01, 1%.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, metavar="N", help="For whatever is left to chance.")]
Threads = Annotated[int, typer.Option("--threads", min=1, metavar="N", help="Threads of a solver.")]
Memory = Annotated[
    int | None, typer.Option("--memory", parser=read_bytes, metavar="BYTES", help="Memory limit of a solver: 8G, 512M.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]

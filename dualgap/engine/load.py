"""From whatever a person hands in to a closed problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dualgap.core.errors import Fault, SpecError
from dualgap.core.problem import Problem
from dualgap.core.resolve import Resolver
from dualgap.core.specs import close, override, read_spec_file
from dualgap.engine.environment import artefact_store
from dualgap.plugins.registry import registry


@dataclass(frozen=True)
class Loaded:
    """A closed problem, with the hashes of the arrays that were derived on the way."""

    problem: Problem
    artefacts: Mapping[str, str] = field(default_factory=dict)


def load(
    source: Problem | Mapping[str, Any] | str | Path,
    *,
    seed: int = 0,
    base: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Loaded:
    """Closes a spec: a problem as it is, raw spec data, or the path of a spec or field file.

    Args:
        source: what to load.
        seed: for splits and whatever else the spec leaves to chance.
        base: the folder for relative paths of raw data; a file's own folder by default.
        settings: ``FIELD=VALUE`` overrides.

    Raises:
        SpecError: lists every fault with its path and remedy.
    """
    if isinstance(source, Problem):
        if settings:
            raw = {"kind": source.kind, **source.content()}
            return Loaded(close(override(raw, settings), registry().problem_kinds(), Resolver(), "--set"))
        return Loaded(source)
    if isinstance(source, Mapping):
        raw, folder, name = dict(source), base or Path(), "spec"
    else:
        path = Path(source)
        raw, folder, name = read_any(path), path.parent, str(path)
    resolver = Resolver(folder, seed, artefact_store())
    problem = close(override(raw, settings or {}), registry().problem_kinds(), resolver, name)
    return Loaded(problem, resolver.artefacts)


def read_any(path: Path) -> dict[str, Any]:
    """The raw spec in a file: TOML, JSON, or a field format by its suffix (``.kp``, ``.mps``, with or without .gz)."""
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    suffix = suffixes[-1] if suffixes else ""
    reader = registry().readers.get(suffix)
    if reader is None:
        return read_spec_file(path)
    if not path.is_file():
        raise SpecError([Fault("(top)", "no such file", "check the path")], str(path))
    read: dict[str, Any] = reader.resolve()(path)
    return read

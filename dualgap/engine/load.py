"""From whatever a person hands in to a closed problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dualgap.core.errors import Fault, SpecError, UsageError
from dualgap.core.forms import SaddleProgram
from dualgap.core.problem import Problem
from dualgap.core.resolve import Resolver
from dualgap.core.specs import close, override, read_spec_file
from dualgap.engine.environment import artefact_store
from dualgap.models import read_model
from dualgap.models.model import Model
from dualgap.plugins.registry import registry

if TYPE_CHECKING:
    import cvxpy
    import pulp

Source: TypeAlias = "Problem | Mapping[str, Any] | str | Path | Model | SaddleProgram | pulp.LpProblem | cvxpy.Problem"
"""What people hand in: a problem, a raw spec, the path of one, a saddle program, or a model of PuLP or CVXPY."""


@dataclass(frozen=True)
class Loaded:
    """A closed problem, and where it comes from.

    Attributes:
        problem: the closed spec.
        artefacts: hashes of the arrays that were derived on the way.
        model: of PuLP or CVXPY, that it was read from.
        source: the spec's path and what was set beside it, as a run records them.
    """

    problem: Problem
    artefacts: Mapping[str, str] = field(default_factory=dict)
    model: Model | None = None
    source: Mapping[str, Any] = field(default_factory=dict)


def load(
    source: Source,
    *,
    seed: int = 0,
    base: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Loaded:
    """Closes a spec: a problem as it is, a model, raw spec data, or the path of a spec or field file.

    Args:
        source: what to load.
        seed: for splits and whatever else the spec leaves to chance.
        base: the folder for relative paths of raw data; a file's own folder by default.
        settings: ``FIELD=VALUE`` overrides.

    Raises:
        SpecError: lists every fault with its path and remedy. UsageError: the source is none of these.
    """
    model = source if isinstance(source, Model) else read_model(source)
    if model is not None:
        return load(model.problem, settings=settings) if settings else Loaded(model.problem, model=model)
    if isinstance(source, SaddleProgram):
        from dualgap.models.saddle import Saddle

        return load(Saddle.of(source), settings=settings)
    if isinstance(source, Problem):
        if settings:
            raw = {"kind": source.kind, **source.content()}
            return Loaded(close(override(raw, settings), registry().problem_kinds(), Resolver(), "--set"))
        return Loaded(source)
    if isinstance(source, Mapping):
        raw, folder, name = dict(source), base or Path(), "spec"
    elif not isinstance(source, str | Path):
        known = "a Problem, raw spec data, the path of a spec, a pulp.LpProblem or a cvxpy.Problem"
        raise UsageError(f"can't read a problem from a {type(source).__name__}: pass {known}")
    else:
        path = Path(source)
        raw, folder, name = read_any(path), path.parent, str(path)
    resolver = Resolver(folder, seed, artefact_store())
    problem = close(override(raw, settings or {}), registry().problem_kinds(), resolver, name)
    named = {"spec": str(source)} if isinstance(source, str | Path) else {}
    return Loaded(problem, resolver.artefacts, source={**named, "set": dict(settings)} if named and settings else named)


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

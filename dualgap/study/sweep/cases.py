"""One run of a sweep: what it is, what it is known by, and making it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from dualgap.core.errors import SpecError
from dualgap.core.record import content_digest
from dualgap.engine.environment import versions
from dualgap.engine.load import Loaded, load
from dualgap.engine.prepare import Prepared, prepare
from dualgap.engine.task import Settings
from dualgap.plugins.registry import BUILT_IN, LOCAL, registry

Pairs = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Instance:
    """An instance by its file, or by what generates it, and the fields that are set besides."""

    file: str = ""
    generate: Pairs = ()
    settings: Pairs = ()

    @property
    def name(self) -> str:
        """What people read: the file's name, or the kind and the generator's options."""
        if self.file:
            named = Path(self.file).name
        else:
            given = dict(self.generate)
            named = " ".join([given.pop("kind"), *(f"{name}={value}" for name, value in given.items())])
        return " ".join([named, *(f"{name}={value}" for name, value in self.settings)])

    @property
    def size(self) -> int | None:
        """The generator's size; None for files."""
        size = dict(self.generate).get("size")
        return size if isinstance(size, int) else None

    def load(self, seed: int) -> Loaded:
        """The closed problem.

        Raises:
            SpecError: the spec is bad.
        """
        return _loaded(self, seed)


@lru_cache(maxsize=4)
def _loaded(instance: Instance, seed: int) -> Loaded:
    if instance.file:
        return load(instance.file, seed=seed, settings=dict(instance.settings))
    options = dict(instance.generate)
    kind = options.pop("kind")
    try:
        return load({"kind": kind, "generate": options}, seed=seed, settings=dict(instance.settings))
    except SpecError as error:
        raise SpecError(error.faults, f"instance {instance.name!r}") from None


@dataclass(frozen=True)
class Case:
    """One run that is to be made."""

    instance: Instance
    solver: str
    parameters: Pairs = ()
    label: str = ""
    budget: Pairs = ()
    seed: int = 0

    @property
    def settings(self) -> Settings:
        return Settings(seed=self.seed, **dict(self.budget))

    @property
    def prepared(self) -> Prepared:
        """The configured solver.

        Raises:
            UsageError: an unknown name or parameter.
        """
        return prepare(self.solver, dict(self.parameters))

    def key(self) -> str:
        """SHA-256 of what decides the outcome: closed spec, solver, parameters, budget, seed, versions."""
        kind, digest = problem_identity(self.instance, self.seed)
        solver = self.prepared
        return content_digest(
            {
                "problem": digest,
                "solver": solver.name,
                "parameters": solver.instance.parameters(),
                "budget": dict(self.budget),
                "seed": self.seed,
                "versions": versions(solver.instance.requires),
                "plugins": _plugins(kind, solver.name),
            }
        )


@lru_cache(maxsize=100_000)
def problem_identity(instance: Instance, seed: int) -> tuple[str, str]:
    """The closed spec's kind and hash."""
    problem = instance.load(seed).problem
    return problem.kind, problem.digest()


def _plugins(kind: str, solver: str) -> dict[str, str]:
    """The versions of the plugins that a problem and a solver come from; of a local file, its content's hash."""
    known = registry()
    owners = [table[name].owner for table, name in ((known.problems, kind), (known.solvers, solver)) if name in table]
    return {one.name: one.version or _file_digest(one.source) for one in owners if one.name not in (BUILT_IN, LOCAL)}


@lru_cache
def _file_digest(source: str) -> str:
    path = Path(source)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@dataclass(frozen=True)
class Job:
    """A run that is to be made somewhere.

    Attributes:
        case: what it is. key: what it is known by. attempts: how often it was begun before.
        plugins: the local plugins that a worker loads for it.
    """

    case: Case
    key: str
    attempts: int = 0
    plugins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """A case that was run.

    Attributes:
        key: of the case. run: its JSON data. instance: its name. size: of a generated one.
        began: seconds since the epoch. worker: who ran it. attempts: how often it was begun.
        machine: what it ran on.
        arrays: the large ones that the run's data names by their SHA-256, as ``.npy`` files.
    """

    key: str
    run: Mapping[str, Any]
    instance: str
    size: int | None
    began: float
    worker: str
    attempts: int = 1
    machine: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, bytes] = field(default_factory=dict)

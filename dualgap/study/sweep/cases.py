"""One run of a sweep: what it is, what it is known by, and making it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from dualgap.core.record import content_digest
from dualgap.engine.environment import versions
from dualgap.engine.load import Loaded, load
from dualgap.engine.prepare import Prepared, prepare
from dualgap.engine.task import Settings

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
    return load({"kind": kind, "generate": options}, seed=seed, settings=dict(instance.settings))


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
        problem = self.instance.load(self.seed).problem
        solver = self.prepared
        return content_digest(
            {
                "problem": problem_digest(self.instance, self.seed),
                "kind": problem.kind,
                "solver": solver.name,
                "parameters": solver.instance.parameters(),
                "budget": dict(self.budget),
                "seed": self.seed,
                "versions": versions(solver.instance.requires),
            }
        )


@lru_cache(maxsize=100_000)
def problem_digest(instance: Instance, seed: int) -> str:
    """The closed spec's hash."""
    return instance.load(seed).problem.digest()


@dataclass(frozen=True)
class Outcome:
    """A case that was run.

    Attributes:
        key: of the case. run: its JSON data. instance: its name. size: of a generated one.
        began: seconds since the epoch. worker: who ran it. attempts: how often it was begun.
        machine: what it ran on.
    """

    key: str
    run: Mapping[str, Any]
    instance: str
    size: int | None
    began: float
    worker: str
    attempts: int = 1
    machine: Mapping[str, Any] = field(default_factory=dict)

"""``load`` and ``register`` as Python users call them."""

from __future__ import annotations

from typing import Any

from dualgap.core.problem import Problem
from dualgap.engine.load import Source
from dualgap.engine.load import load as _load
from dualgap.plugins.registry import registry


def load(source: Source, *, seed: int = 0) -> Problem:
    """The closed problem of a spec (a path, or raw data), or of a model of PuLP or CVXPY.

    Raises:
        SpecError: lists every fault with its path and remedy.
    """
    return _load(source, seed=seed).problem


def register(thing: Any) -> Any:
    """Registers a solver (class or object) or a problem class in this process; usable as a decorator.

    What is registered here exists in no worker, so it runs in process (recorded in the run).

    Raises:
        UsageError: it is neither, or its name is taken.
    """
    return registry().register(thing)

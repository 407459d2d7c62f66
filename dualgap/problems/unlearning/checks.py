"""What a closed spec must meet; every fault comes with its path and its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.errors import Fault
from dualgap.problems.unlearning.roles import RETAIN, ROLES

if TYPE_CHECKING:
    from dualgap.problems.unlearning.spec import Unlearning

_LARGEST = 1e30  # of a feature or a parameter: squares must be finite


def faults(problem: Unlearning) -> list[Fault]:
    """Everything that doesn't fit together."""
    found = list(_rows(problem)) or list(_classes(problem))
    return found or [*_numbers(problem), *_parameters(problem)]


def _rows(problem: Unlearning) -> Iterator[Fault]:
    rows, width = problem.features.shape
    if rows < 1 or width < 1:
        yield Fault("features", f"{rows} rows of {width} features", "give a row and a feature at least")
    for name in ("label", "roles"):
        values = getattr(problem, name)
        if len(values) != rows:
            yield Fault(name, f"{len(values):,} entries, with {rows:,} rows", "one a row")
        elif values.dtype.kind not in "iu":
            yield Fault(name, "holds something else than whole numbers", "number the classes (roles) from 0")
    if problem.names and len(problem.names) != width:
        yield Fault("names", f"{len(problem.names)} entries, with {width} features", "name every feature, or none")


def _classes(problem: Unlearning) -> Iterator[Fault]:
    count = len(problem.classes_named)
    if count < 2 or problem.label.min() < 0 or problem.label.max() >= count:
        yield Fault("label", "no number of a class", f"0 to {max(1, count - 1)}, the places of the classes")
    if not np.isin(problem.roles, range(len(ROLES))).all():
        said = ", ".join(f"{number}: {name}" for number, name in enumerate(ROLES))
        yield Fault("roles", "no number of a role", said)
    elif not (problem.roles == RETAIN).any():
        yield Fault("roles", "no row is retained", "forget fewer")


def _numbers(problem: Unlearning) -> Iterator[Fault]:
    if any(units < 1 for units in problem.hidden):
        yield Fault("hidden", "a layer without units", "[64], say")
    for name in ("steps", "rate", "batch_size"):
        if not getattr(problem, name) > 0:
            yield Fault(name, f"{getattr(problem, name)} is not positive", "300, 1e-3 and 128 are the defaults")
    least = "positive" if not problem.hidden else "at least 0"
    if problem.l2 < 0 or (problem.l2 == 0 and not problem.hidden):
        yield Fault("l2", f"{problem.l2} is not {least}", "1e-3, say")
    if problem.rho is not None and problem.rho < 0:
        yield Fault("rho", f"{problem.rho} is no loss", "a number from 0, in nats")
    if problem.sigma < 0:
        yield Fault("sigma", f"{problem.sigma} is no standard deviation", "a number from 0")
    if np.abs(problem.features.astype(np.float64)).max(initial=0.0) > _LARGEST:
        yield Fault("features", "an entry beyond 1e30", "scale the data")


def _parameters(problem: Unlearning) -> Iterator[Fault]:
    if any(units < 1 for units in problem.hidden):
        return
    size = problem.model.size
    given = {"trained": problem.trained.shape, "noise": problem.noise.shape if problem.noise.size else (size,)}
    for name, shape in given.items():
        if shape != (size,):
            yield Fault(name, f"{shape[0]} parameters, for a model of {size}", "each layer's weights, then its biases")
    if problem.retrained.size and problem.retrained.shape[-1] != size:
        yield Fault("retrained", f"shape {problem.retrained.shape}", f"one row of {size} parameters a model")
    for name in ("trained", "retrained"):
        if np.abs(getattr(problem, name).astype(np.float64)).max(initial=0.0) > _LARGEST:
            yield Fault(name, "a parameter beyond 1e30", "train again")

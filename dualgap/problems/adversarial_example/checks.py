"""Checks of closed adversarial examples, and targets in words closed to classes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_array, as_number, shown
from dualgap.problems.adversarial_example.data import WORDS
from dualgap.problems.counts import check_names, fault
from dualgap.problems.networks.network import Network

if TYPE_CHECKING:
    from dualgap.problems.adversarial_example.spec import AdversarialExample

ANY = -1
MINIMAL = "minimal"
_REMEDY = '"any", "runner-up", a class, or a class for every input'


def read_radius(value: Any) -> Any:
    """A distance, or "minimal".

    Raises:
        PydanticCustomError: neither.
    """
    if value == MINIMAL and isinstance(value, str):
        return value
    if isinstance(value, str):
        raise fault(f"expected a number, got {shown(value)}", f'a distance >= 0, such as 0.1, or "{MINIMAL}"')
    radius = as_number(value)
    if radius < 0:
        raise fault(f"negative radius {radius}", f'a distance >= 0, or "{MINIMAL}"')
    return radius


def read_norm(value: Any) -> Any:
    """Norms by their numbers as well."""
    known = isinstance(value, int | float | Decimal) and not isinstance(value, bool) and value in (1, 2, float("inf"))
    return {1.0: "1", 2.0: "2"}.get(float(value), "inf") if known else value


def with_targets(data: Any) -> Any:
    """Fields with ``target`` ("any", "runner-up", a class or several) closed to ``targets``, a class an input.

    Where other fields are at fault, targets are left out, so that those faults are the ones that people see.
    """
    if not isinstance(data, Mapping) or ("targets" in data and "target" not in data):
        return data
    fields = dict(data)
    if "targets" in fields:
        raise fault("both target and targets", "give one of them")
    target = fields.pop("target", "any")
    try:
        count = len(as_array(fields.get("inputs", ())))
        if target == "runner-up":
            fields["network"] = Network.model_validate(fields.get("network"))
            fields["targets"] = runners_up(fields["network"], as_array(fields["inputs"]), as_array(fields["labels"]))
        elif target == "any":
            fields["targets"] = np.full(count, ANY)
    except (PydanticCustomError, ValidationError, KeyError, TypeError, ValueError, IndexError):
        return fields
    if isinstance(target, str) and target not in WORDS:
        raise fault(f"target is {shown(target)}", _REMEDY)
    if not isinstance(target, str):
        given = as_array(target)
        if given.ndim > 1 or (given < 0).any():
            raise fault(f"target is {shown(target)}", _REMEDY)
        fields["targets"] = np.full(count, given) if given.ndim == 0 else given
    return fields


def runners_up(network: Network, inputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) each input's likeliest class but its own."""
    logits = network.forward(inputs)
    logits[np.arange(len(labels)), labels] = -np.inf
    best: np.ndarray = logits.argmax(axis=1)
    return best


def check(problem: AdversarialExample) -> None:
    """Raises:
    PydanticCustomError: sizes that don't fit together, classes that aren't there, inputs outside their boxes.
    """
    count, width = problem.inputs.shape
    if not count:
        raise fault("no inputs", "give one at least")
    if width != problem.network.inputs:
        raise fault(f"inputs have {width} entries each, the network takes {problem.network.inputs}", "check inputs")
    check_names("names", problem.names, count)
    _check_classes(problem)
    _check_boxes(problem)


def _check_classes(problem: AdversarialExample) -> None:
    count, classes = len(problem.inputs), problem.network.outputs
    if problem.rows.size or problem.constants.size:
        _check_rows(problem)
        return
    if len(problem.labels) != count:
        raise fault(f"labels has {len(problem.labels)} entries, inputs {count}", "one label an input")
    if len(problem.targets) != count:
        raise fault(f"targets has {len(problem.targets)} entries, inputs {count}", "one an input, -1 for any class")
    if classes < 2:
        raise fault("the network has one output", "classification takes two at least; for one, give rows")
    for name, given, least in (("label", problem.labels, 0), ("target", problem.targets, ANY)):
        wrong = np.flatnonzero((given < least) | (given >= classes))
        if wrong.size:
            place = int(wrong[0])
            raise fault(f"{name} {given[place]} of input {place} is no class", f"the network has 0 to {classes - 1}")
    own = np.flatnonzero(problem.targets == problem.labels)
    if own.size:
        raise fault(f"input {own[0]} has its own class as its target", "leave it out (select), or take another target")


def _check_rows(problem: AdversarialExample) -> None:
    if problem.labels.size:
        raise fault("both labels and rows", "give labels for classes, rows for properties")
    if problem.rows.shape != (len(problem.constants), problem.network.outputs):
        raise fault(
            f"rows is {_dimensions(problem.rows)}, constants has {len(problem.constants)} entries",
            f"a constant a row, {problem.network.outputs} entries a row",
        )


def _check_boxes(problem: AdversarialExample) -> None:
    if problem.clip is not None and problem.clip[0] > problem.clip[1]:
        raise fault(f"clip begins at {problem.clip[0]} and ends at {problem.clip[1]}", "the least value comes first")
    for name in ("lower", "upper"):
        given = getattr(problem, name)
        if problem.lower.size + problem.upper.size and given.shape != problem.inputs.shape:
            raise fault(f"{name} is {_dimensions(given)}, inputs {_dimensions(problem.inputs)}", "make them alike")
    lower, upper = problem.box
    outside = (problem.inputs < lower) | (problem.inputs > upper)
    if outside.any():
        place, entry = np.argwhere(outside)[0].tolist()
        value = problem.inputs[place, entry]
        raise fault(f"entry {entry} of input {place}, {value:g}, is outside its box", "clip holds before normalize")


def _dimensions(array: np.ndarray) -> str:
    return " x ".join(map(str, array.shape))

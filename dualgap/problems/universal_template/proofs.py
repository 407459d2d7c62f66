"""Bounds on templates: no template wins an input that no perturbation of its own wins."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Witness
from dualgap.problems.networks.bounds import MarginBounds, Query, Region, lower_bounds
from dualgap.problems.networks.bounds.layers import layers_of

if TYPE_CHECKING:
    from dualgap.problems.universal_template.spec import UniversalTemplate


def margins_query(problem: UniversalTemplate) -> Query:
    """The margins ``f_c - f_t`` of every other class over each input's own perturbations.

    A clipped ``x + delta`` is in the box and no farther from x than delta is long.
    """
    classes, count = problem.network.outputs, len(problem.inputs)
    others = np.delete(np.arange(classes), problem.target)
    rows = np.zeros((len(others), classes))
    rows[np.arange(len(others)), others] = 1.0
    rows[:, problem.target] -= 1.0
    item = np.repeat(np.arange(count), len(others))
    low, high = problem.clip if problem.clip is not None else (-np.inf, np.inf)
    shape = problem.inputs.shape
    lower, upper = np.full(shape, float(low)), np.full(shape, float(high))
    region = Region.around(problem.inputs, float(problem.radius), problem.norm, lower, upper)
    return Query(layers_of(problem.network), region, item, np.tile(rows, (count, 1)), np.zeros(len(item)))


def prove(problem: UniversalTemplate, witness: Witness, seconds: float) -> Bound:
    """The bound that inputs attacked alone give; the largest of an input's margins is at least each of its bounds.

    Raises:
        InvalidWitnessError: the witness is of another type, doesn't fit, or its replay won't fit in ``seconds``.
    """
    if not isinstance(witness, MarginBounds):
        raise InvalidWitnessError(f"{problem.kind} takes no {witness.type} witness")
    found = lower_bounds(margins_query(problem), witness, seconds).reshape(len(problem.inputs), -1).max(axis=1)
    safe = int((found > 0).sum())
    argument = f"{safe:,} of {len(found):,} inputs can't be won even alone" if safe else "inputs attacked alone"
    if problem.goal == "success":
        return Bound(Fraction(len(found) - safe, len(found)), Evidence.PROVED, argument)
    exact = sum(map(Fraction, np.maximum(found, 0.0).tolist()), Fraction(0)) / len(found)
    value = float(exact)
    lower = value if Fraction(value) <= exact else float(np.nextafter(value, -np.inf))
    return Bound(max(lower, 0.0), Evidence.PROVED, argument)

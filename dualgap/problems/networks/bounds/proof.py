"""What a witness proves of an adversarial example: a bound on margins, on robust accuracy, or on least radii."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Real
from dualgap.core.witness import Witness
from dualgap.problems.networks.bounds.layers import layers_of
from dualgap.problems.networks.bounds.query import Query
from dualgap.problems.networks.bounds.region import Region
from dualgap.problems.networks.bounds.replay import lower_bounds
from dualgap.problems.networks.bounds.witness import MarginBounds

if TYPE_CHECKING:
    from dualgap.problems.adversarial_example import AdversarialExample
_proved: WeakKeyDictionary[MarginBounds, tuple[AdversarialExample, np.ndarray]] = WeakKeyDictionary()
"""What was replayed: a verifier asks twice of the same witness, for the bound and input by input."""

_COVERING = 1.0 + 1e-9  # more than rounding takes from a distance


def margins_query(problem: AdversarialExample, radii: np.ndarray | float) -> Query:
    """The functions whose least value is an input's margin, in balls of the given radii around the inputs."""
    region = Region.around(problem.inputs, radii, problem.norm, *problem.box)
    functions = problem.margins
    return Query(layers_of(problem.network), region, functions.item, functions.rows, functions.constants)


def least(query: Query, values: np.ndarray) -> np.ndarray:
    """(n,) the least of the functions' values (P,) over each set."""
    found = np.full(len(query.region), np.inf)
    np.minimum.at(found, query.item, values)
    return found


def margins(problem: AdversarialExample, witness: Witness, seconds: float) -> np.ndarray:
    """(n,) lower bounds on the inputs' worst margins, within the witness's radii where it has them.

    Raises:
        InvalidWitnessError: the witness is of another type, doesn't fit, or its replay won't fit in ``seconds``.
    """
    if not isinstance(witness, MarginBounds):
        raise InvalidWitnessError(f"{problem.kind} takes no {witness.type} witness")
    asked, proved = _proved.get(witness, (None, None))
    if proved is not None and asked is problem:
        return proved
    given = problem.radius
    if isinstance(given, str):
        known = witness.radii.shape == (len(problem.inputs),) and np.isfinite(witness.radii).all()
        if not (known and (witness.radii >= 0).all()):
            raise InvalidWitnessError("bounds on least radii come with a radius for every input")
    query = margins_query(problem, witness.radii if isinstance(given, str) else given)
    found = least(query, lower_bounds(query, witness, seconds))
    found.setflags(write=False)
    _proved[witness] = (problem, found)
    return found


def farthest(problem: AdversarialExample) -> np.ndarray:
    """(n,) radii of balls that hold the inputs' whole boxes; infinite without boxes."""
    lower, upper = problem.box
    reach = np.maximum(problem.inputs - lower, upper - problem.inputs)
    return np.asarray(np.linalg.norm(reach, ord={"inf": np.inf, "2": 2, "1": 1}[problem.norm], axis=1) * _COVERING)


def prove(problem: AdversarialExample, witness: Witness, seconds: float) -> Bound:
    """The bound on the objective that a witness proves, rounded down.

    A least radius is infinite where an input is safe all over its box: then there is no answer.

    Raises:
        InvalidWitnessError: it proves nothing here, or a replay won't fit in ``seconds``.
    """
    found = margins(problem, witness, seconds)
    assert isinstance(witness, MarginBounds)
    safe = found > 0
    value: Real
    if problem.minimal:
        endless = safe & (witness.radii >= farthest(problem))
        value = _mean(np.where(endless, np.inf, np.where(safe, witness.radii, 0.0)))
    elif problem.goal == "verdict":
        value = Fraction(int(safe.sum()), len(found))
    else:
        value = _mean(found)
    return Bound(value, Evidence.PROVED, _argument(witness))


def _mean(values: np.ndarray) -> float:
    """The mean, exact and then rounded down."""
    if not np.isfinite(values).all():
        return float(values.min()) if np.isneginf(values).any() else float("inf")
    exact = sum(map(Fraction, values.tolist()), Fraction(0)) / len(values)
    rounded = float(exact)
    return rounded if Fraction(rounded) <= exact else float(np.nextafter(rounded, -np.inf))


def _argument(witness: MarginBounds) -> str:
    how = "interval arithmetic" if witness.method == "interval" else "CROWN's linear bounds"
    if not len(witness.trees):
        return f"{how}, rounded outward"
    return f"{len(witness.trees):,} trees of {len(witness.splits):,} nodes, replayed and rounded outward"

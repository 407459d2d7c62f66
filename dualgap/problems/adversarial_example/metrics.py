"""What people look for: clean accuracy, robust accuracy as an interval, and a table of the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Real, nearest
from dualgap.core.statement import format_value
from dualgap.core.witness import Witness

if TYPE_CHECKING:
    from dualgap.problems.adversarial_example.spec import AdversarialExample

Metrics = Mapping[str, Mapping[str, Real]]

_SECONDS = 1.0  # to replay a witness again; proofs keep what they found, so that this is rare

CERTIFIED = "certified margin"
RADIUS = "certified radius"


def certified(problem: AdversarialExample, witness: Witness | None) -> dict[str, dict[str, Real]]:
    """Lower bounds on the inputs' margins (or least radii) that the witness proves, and the accuracy they certify."""
    from dualgap.problems.networks.bounds import MarginBounds, margins

    if not isinstance(witness, MarginBounds):
        return {}
    try:
        found = margins(problem, witness, _SECONDS)
    except InvalidWitnessError:
        return {}
    names = problem.input_names
    if problem.minimal:
        return {RADIUS: dict(zip(names, np.where(found > 0, witness.radii, 0.0).tolist()))}
    share = Fraction(int((found > 0).sum()), len(found))
    return {CERTIFIED: dict(zip(names, found.tolist())), "certified": {"robust accuracy": share}}


def headline(problem: AdversarialExample, metrics: Metrics) -> str:
    """Clean accuracy, and robust accuracy between what is certified and what the attack leaves."""
    if "all" not in metrics:
        return ""
    clean = _percent(metrics["all"]["clean accuracy"])
    if problem.minimal:
        return f"Clean accuracy {clean}."
    low = metrics.get("certified", {}).get("robust accuracy", 0)
    high = metrics["all"]["robust accuracy"]
    between = _percent(high) if low == high else f"in [{_percent(low)}, {_percent(high)}]"
    if problem.rows.size:
        return f"Properties that hold at the given inputs: {clean}; wherever these may be moved: {between}."
    return f"Clean accuracy {clean}, robust accuracy {between} under {problem.ball}."


def tables(problem: AdversarialExample, metrics: Metrics) -> list[list[tuple[str, ...]]]:
    """A row for every input: label, prediction, margin, what is certified, distance and verdict."""
    bound = RADIUS if problem.minimal else CERTIFIED
    columns = [name for name in ("label", "prediction", "margin", bound, "distance") if name in metrics]
    verdicts = () if problem.minimal else ("verdict",)
    rows: list[tuple[str, ...]] = [("input", *columns, *verdicts)]
    for name in problem.input_names:
        cells = (_cell(metrics[column].get(name)) for column in columns)
        rows.append((name, *cells, *(_verdict(metrics, name) for _ in verdicts)))
    return [rows]


def _verdict(metrics: Metrics, name: str) -> str:
    if not metrics["holds"][name]:
        return "attacked"
    lower = metrics.get(CERTIFIED, {}).get(name)
    return "robust" if lower is not None and lower > 0 else "open"


def _percent(share: Real) -> str:
    return f"{format_value(round(100 * nearest(share), 2))} %"


def _cell(value: Real | None) -> str:
    return "-" if value is None else f"{nearest(value):.5g}"

"""What a comparison's report says of score functions beside their loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dualgap import Problem, Run, Section
from dualgap_coind.problem import MISLEADS, ConditionalIndependence

_COMPOSED, _LOST = 0.9, 0.1


def composition(problem: Problem, runs: Sequence[Run]) -> Section | None:
    """Whether each run's conditions are independent, and whether the unseen pair comes out right."""
    if not isinstance(problem, ConditionalIndependence):
        return None
    told = [(run.name, run.certificate.metrics.get("all", {})) for run in runs if run.certificate is not None]
    rows = [(name, *_read(problem, found)) for name, found in told if found]
    return Section(
        title="The pair that was never seen",
        text=(f"Jensen-Shannon divergence: {MISLEADS}.",),
        header=("solver", "divergence", "independent", "conformity", "the unseen pair"),
        rows=tuple(rows),
    )


def _read(problem: ConditionalIndependence, found: Mapping[str, Any]) -> tuple[str, str, str, str]:
    conformity = float(found["conformity"])
    place = (
        "is composed" if conformity >= _COMPOSED else "is elsewhere" if conformity <= _LOST else "is partly composed"
    )
    independent = "yes" if float(found["residual"]) <= problem.independence + 1e-6 else "no"
    return f"{float(found['Jensen-Shannon divergence']):.2g}", independent, f"{conformity:.3f}", place

"""Solvers that leave something to chance, over several seeds: spread, times, what their answers show together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from dualgap.core.exact import Real, nearest
from dualgap.core.problem import Problem
from dualgap.engine.run import Run

_LOW, _HIGH = "2.5 %", "97.5 %"  # of ``Problem.together``


@dataclass(frozen=True)
class Repeated:
    """Runs of one solver from as many seeds.

    Attributes:
        name: of the solver, its label where it has one.
        runs: in the order of their seeds; the first is the one of the comparison.
        exact: whether the solver ends with the optimum, given time; for networks, with a sample of retraining.
        together: what the verified answers show together (``Problem.together``).
    """

    name: str
    runs: tuple[Run, ...]
    exact: bool
    together: Mapping[str, Mapping[str, Real]]

    @property
    def values(self) -> list[Real]:
        """Of the runs that ended with a verified answer."""
        certificates = [run.certificate for run in verified(self.runs)]
        return [found.value for found in certificates if found is not None and found.value is not None]

    @property
    def seconds(self) -> float | None:
        """The median of the time in the solver; compilation and verification are apart."""
        times = [run.seconds["solve"] for run in verified(self.runs) if "solve" in run.seconds]
        return median(times) if times else None

    def data(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "solver": self.name,
            "seconds": self.seconds,
            "together": {name: dict(said) for name, said in self.together.items()},
            "runs": [run.data() for run in self.runs],
        }


def verified(runs: Sequence[Run]) -> list[Run]:
    """Those with an answer that violates nothing."""
    return [run for run in runs if run.answer is not None and run.certificate is not None and run.certificate.feasible]


def repeated(problem: Problem, name: str, runs: Sequence[Run], exact: bool) -> Repeated:
    """The runs of one solver, and what their answers show together."""
    return Repeated(name, tuple(runs), exact, problem.together([run.answer for run in verified(runs)]))


def seeds_table(found: Sequence[Repeated]) -> tuple[tuple[str, ...], list[tuple[str, ...]]] | None:
    """(Header, rows): a column for each solver; None where nothing was repeated."""
    if not found:
        return None
    exact = next((one for one in found if one.exact and one.seconds), None)
    rows = [
        ("verified answers", *(f"{len(verified(one.runs))} of {len(one.runs)}" for one in found)),
        ("least value", *(_number(min(one.values, default=None)) for one in found)),
        ("largest value", *(_number(max(one.values, default=None)) for one in found)),
        ("seconds, median", *(f"{one.seconds:.3g}" if one.seconds is not None else "-" for one in found)),
    ]
    if exact is not None:
        rows.append((f"times as fast as {exact.name}", *(_faster(one, exact) for one in found)))
    names = list(dict.fromkeys(name for one in found for name in one.together))
    rows += [(name, *(_cell(one.together.get(name)) for one in found)) for name in names]
    return (f"over {len(found[0].runs)} seeds", *(one.name for one in found)), rows


def _number(value: Real | None) -> str:
    return "-" if value is None else f"{nearest(value):.6g}"


def _faster(one: Repeated, exact: Repeated) -> str:
    return f"{exact.seconds / one.seconds:.3g}" if one.seconds and exact.seconds else "-"


def _cell(said: Mapping[str, Real] | None) -> str:
    if said is None:
        return "-"
    interval = f" ({float(said[_LOW]):.3g} to {float(said[_HIGH]):.3g})" if _LOW in said else ""
    return f"{float(said['value']):.3g}{interval}"

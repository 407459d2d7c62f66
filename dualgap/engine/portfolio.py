"""``portfolio``: several solvers at once on one problem; here is who takes part, ``dualgap.engine.race`` runs them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

from dualgap.core.claim import Claim
from dualgap.core.errors import DualgapError, UsageError
from dualgap.core.problem import Problem
from dualgap.core.solver import Choice, Context, Solver, Trait
from dualgap.engine.names import split_names
from dualgap.engine.prepare import Prepared, prepare
from dualgap.engine.ranking import ranked
from dualgap.engine.task import Settings
from dualgap.plugins.registry import registry

EXACT = 3
"""How many exact solvers take part where nobody names the members."""


@dataclass(frozen=True)
class Portfolio(Solver):
    """Several solvers at once, each in a worker of its own. They share the best verified answer; all end when the best
    answer meets the best bound. Its evidence is that of the bound, whoever gave it.

    Attributes:
        solvers: the members, joined by "+" (``highs+cp-sat[num_workers=2]``); what dispatch would take, and up to three
            exact ones, by default.
        workers: how many run at a time; 0 stands for ``--threads`` where that is over 1, else for the number of cores,
            three at most. The next one starts where one ends, from the best answer so far.
    """

    name: ClassVar[str] = "portfolio"
    summary: ClassVar[str] = "several solvers at once, which share answers and bounds"
    accepts: ClassVar[tuple[type, ...]] = (Problem,)
    traits: ClassVar[frozenset[Trait]] = frozenset(
        {Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME, Trait.WARM, Trait.COMPOSITE}
    )

    solvers: str | tuple[str, ...] = ""
    workers: int = 0

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise ValueError(f"workers can't be {self.workers}")

    def solve(self, form: Any, ctx: Context) -> Claim:
        raise UsageError("a portfolio can't run inside another solver; name it to solve or compare")

    def members(self, problem: Problem, via: str | None = None) -> list[tuple[Prepared, str]]:
        """Who takes part, each with the reason.

        Raises:
            UsageError: an unknown solver or parameter, or a portfolio of portfolios.
        """
        names = split_names(self.solvers, "+") if isinstance(self.solvers, str) else list(self.solvers)
        if names and names != [""]:
            named = [(prepare(name), "named") for name in names]
            if any(isinstance(prepared.instance, Portfolio) for prepared, _ in named):
                raise UsageError("a portfolio can't be its own member")
            return named
        return _usual(problem, via)

    def at_once(self, settings: Settings) -> int:
        """How many members run at a time."""
        return self.workers or (settings.threads if settings.threads > 1 else min(EXACT, _cores()))


def _usual(problem: Problem, via: str | None) -> list[tuple[Prepared, str]]:
    """What dispatch would take, then further exact solvers up to their number."""
    taken: dict[str, tuple[Prepared, str]] = {}
    chosen = registry().choices(problem)
    for choice in (*chosen, *ranked(problem, via)):
        prepared = _prepared(choice)
        if prepared is None or isinstance(prepared.instance, Portfolio):
            continue
        enough = sum(Trait.EXACT in member.instance.traits for member, _ in taken.values()) >= EXACT
        if choice in chosen or (Trait.EXACT in prepared.instance.traits and not enough):
            taken.setdefault(prepared.label or prepared.name, (prepared, choice.reason))
    return list(taken.values())


def _prepared(choice: Choice) -> Prepared | None:
    try:
        return prepare(choice.solver, choice.parameters)
    except DualgapError:
        return None  # broken; `plugins list` says so


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

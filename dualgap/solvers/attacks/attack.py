"""The solver ``attack``: the best points that projected steps find, from many starts."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, ClassVar, Literal

import numpy as np

from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.adversarial_example import AdversarialExample
from dualgap.problems.attack import FunctionAttack
from dualgap.problems.networks.bounds import MarginBounds
from dualgap.problems.networks.network import Network
from dualgap.problems.universal_template import Template, UniversalTemplate
from dualgap.solvers.attacks.classes import Case, function_case, network_case
from dualgap.solvers.attacks.losses import Loss
from dualgap.solvers.attacks.radius import WON, least
from dualgap.solvers.attacks.search import Loop, Pace, run, search, unit_ball
from dualgap.solvers.attacks.shared import crowd, crowd_loop, perturbations
from dualgap.solvers.attacks.steps import Rule
from dualgap.solvers.jax_scope import x64

_COMPILED = 10**10  # multiplications: beyond, a compilation pays
_SECONDS = 8.0  # left: less may be spent before the first step
_BLOCK = 2**22  # entries of templates times inputs at a time


@dataclass(frozen=True)
class Attack(Solver):
    """Projected gradient attacks on classifiers; they find points, and prove nothing of those that they don't find.

    Attributes:
        rule: ``apgd`` (momentum, steps halved at checkpoints: Croce and Hein 2020) or ``pgd`` (steps of one length).
        loss: what is lowered: the ``margin``, its smooth form ``log-odds``, or ``dlr``.
        restarts: starts for every input: the input itself against all classes, then random ones against one class each.
        iterations: of every start.
        step: the first one, as a part of the radius; 2 for apgd (1 in l1), 2.5 / iterations for pgd by default.
        backend: ``numpy``, ``jax``, or ``auto``: JAX where its compilation pays.
    """

    name: ClassVar[str] = "attack"
    summary: ClassVar[str] = "projected gradient attacks (APGD, PGD) on classifiers, all starts as one batch"
    accepts: ClassVar[tuple[type, ...]] = (AdversarialExample, UniversalTemplate, FunctionAttack)
    requires: ClassVar[tuple[str, ...]] = ("jax",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.RANDOMISED, Trait.ANYTIME, Trait.WARM})

    rule: Rule = "apgd"
    loss: Loss = "margin"
    restarts: int = 10
    iterations: int = 100
    step: float | None = None
    backend: Literal["auto", "numpy", "jax"] = "auto"

    def __post_init__(self) -> None:
        if self.restarts < 1 or self.iterations < 1:
            raise ValueError("restarts and iterations must be at least 1")
        if self.step is not None and not self.step > 0:
            raise ValueError("step must be positive")

    def refuses(self, form: Any) -> str | None:
        if self.loss == "dlr" and _classes(form) < 3:
            return "the loss dlr compares with the third class, and there are two; take the loss margin"
        if self.backend == "numpy" and isinstance(form, FunctionAttack):
            return "the function is JAX's; take the backend jax"
        return None

    def solve(self, form: Any, ctx: Context) -> Claim:
        compiled = isinstance(form, FunctionAttack) or self._compiles(form.network, len(form.inputs), ctx)
        if compiled:
            with ctx.phase("compile"):
                import_module("jax")
        with x64() if compiled else nullcontext():
            if isinstance(form, UniversalTemplate):
                return self._template(form, compiled, ctx)
            if isinstance(form, FunctionAttack):
                claim = self._examples(function_case(form, self.restarts, self.loss, self.rule), ctx)
                return replace(claim, bound=form.vouched)
            return self._examples(network_case(form, self.restarts, self.loss, self.rule, compiled), ctx)

    def _compiles(self, network: Network, inputs: int, ctx: Context) -> bool:
        """Whether to compile: where that pays, or as somebody wishes."""
        if self.backend != "auto":
            return self.backend == "jax"
        entries = sum(operator.matrix.size for operator in network.operators)
        heavy = entries * inputs * self.restarts * self.iterations > _COMPILED
        return heavy and ctx.time_left() > _SECONDS

    def _pace(self, order: float, enough: float = -np.inf) -> Pace:
        default = 2.5 / self.iterations if self.rule == "pgd" else 1.0 if order == 1 else 2.0
        return Pace(self.iterations, self.step or default, enough)

    def _claim(self, answer: Any, loop: Loop, ctx: Context, start: Start | None = None, message: str = "") -> Claim:
        return Claim(
            point=answer,
            feasible=not message,
            stop=Stop.TIME if ctx.should_stop() else Stop.FINISHED,
            statistics={"starts": self.restarts, "backend": "jax" if loop.compiles else "numpy"},
            message=message,
            start=start,
        )

    # Every input alone.
    def _examples(self, case: Case, ctx: Context) -> Claim:
        rng, aims = np.random.default_rng(ctx.seed), case.targets
        if case.minimal:
            return self._least(case, ctx, rng)
        pace = self._pace(aims.order, WON if case.verdict else -np.inf)
        starts = aims.random(self.restarts, rng)
        starts[:, 0] = aims.inputs
        start = None
        if ctx.start is not None:
            starts[:, -1], start = case.points(ctx.start), Start(Use.USED, "one of the starts")
        points = aims.inputs.copy()
        for places, found, count in search(case.loop, aims, starts, pace, ctx):
            points[places] = found
            ctx.report(point=case.answer(points), iterations=count)
        return self._claim(case.answer(points), case.loop, ctx, start)

    def _least(self, case: Case, ctx: Context, rng: np.random.Generator) -> Claim:
        aims, start = case.targets, None
        points, won = aims.inputs, np.zeros(len(aims.inputs), dtype=bool)
        known = aims.inputs
        if ctx.start is not None:
            known, start = case.points(ctx.start), Start(Use.USED, "where it is nearer than what is found")
        for points, won in least(case.loop, aims, known, case.margins, self._pace(aims.order), ctx, rng):
            if won.all():
                ctx.report(point=case.answer(points))
        lost = int((~won).sum())
        message = f"{lost} of {len(won)} inputs weren't won within their boxes" if lost else ""
        return self._claim(case.answer(points), case.loop, ctx, start, message)

    # One perturbation for all.
    def _template(self, problem: UniversalTemplate, compiled: bool, ctx: Context) -> Claim:
        rng, d, group = np.random.default_rng(ctx.seed), problem.network.inputs, crowd(problem, self.restarts)
        domain, pace = perturbations(problem), self._pace(problem.order)
        loop = crowd_loop(problem, self.loss, self.rule, compiled)
        starts = float(problem.radius) * unit_ball((self.restarts, d), problem.order, rng)
        starts[0] = 0.0
        start = None
        if ctx.start is not None:
            starts[-1], start = ctx.start.delta, Start(Use.USED, "one of the starts")
        best, least = Template(delta=starts[0]), np.inf
        witness = MarginBounds(method="crown")
        block = max(1, min(self.restarts, _BLOCK // group.inputs.size))
        for first in range(0, self.restarts, block):
            places = np.resize(np.arange(first, min(first + block, self.restarts)), block)
            part = group._replace(width=group.width[places])
            for state in run(loop, starts[places], domain, part, pace, ctx):
                row = int(np.asarray(state.least).argmin())
                if float(state.least[row]) < least:
                    best, least = Template(delta=np.asarray(state.best[row])), float(state.least[row])
                    ctx.report(point=best, witness=witness, iterations=int(state.count))
            if ctx.should_stop():
                break
        return replace(self._claim(best, loop, ctx, start), witness=witness)


def _classes(form: Any) -> int:
    if isinstance(form, FunctionAttack):
        return int(form.allowed.shape[1])
    properties = len(form.rows) if isinstance(form, AdversarialExample) else 0
    return properties + 1 if properties else int(form.network.outputs)

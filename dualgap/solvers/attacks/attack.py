"""The solver ``attack``: the best points that projected steps find, from many starts."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, ClassVar, Literal

import numpy as np

from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.adversarial_example import AdversarialExample, PerturbedInputs
from dualgap.problems.networks.bounds import MarginBounds
from dualgap.problems.networks.network import Network
from dualgap.problems.universal_template import Template, UniversalTemplate
from dualgap.solvers.attacks.classes import margin_network, targets
from dualgap.solvers.attacks.forward import numpy_slope
from dualgap.solvers.attacks.losses import Loss, Sides, lowered
from dualgap.solvers.attacks.radius import WON, least
from dualgap.solvers.attacks.search import Loop, Pace, Targets, network_loop, run, search, unit_ball
from dualgap.solvers.attacks.shared import crowd, crowd_loop, perturbations
from dualgap.solvers.attacks.steps import Rule
from dualgap.solvers.jax_scope import x64

_COMPILED = 10**10  # multiplications: beyond, a compilation pays
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
    accepts: ClassVar[tuple[type, ...]] = (AdversarialExample, UniversalTemplate)
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
        classes = form.network.outputs if not getattr(form, "rows", np.zeros(0)).size else len(form.rows) + 1
        if self.loss == "dlr" and classes < 3:
            return "the loss dlr compares with the third class, and there are two; take the loss margin"
        return None

    def solve(self, form: Any, ctx: Context) -> Claim:
        template = isinstance(form, UniversalTemplate)
        compiled = self._compiled(form.network, len(form.inputs))
        if compiled:
            with ctx.phase("compile"):
                import_module("jax")
        with x64() if compiled else nullcontext():
            return self._template(form, compiled, ctx) if template else self._examples(form, compiled, ctx)

    def _compiled(self, network: Network, inputs: int) -> bool:
        """Whether to compile: where that pays, or as somebody wishes."""
        if self.backend != "auto":
            return self.backend == "jax"
        entries = sum(operator.matrix.size for operator in network.operators)
        return entries * inputs * self.restarts * self.iterations > _COMPILED

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
    def _examples(self, problem: AdversarialExample, compiled: bool, ctx: Context) -> Claim:
        network, rng = margin_network(problem), np.random.default_rng(ctx.seed)
        aims = targets(problem, self.restarts)
        loop = network_loop(network, self.loss, self.rule, compiled)
        if problem.minimal:
            return self._least(aims, network, loop, ctx, rng)
        pace = self._pace(aims.order, WON if problem.goal == "verdict" else -np.inf)
        starts = aims.random(self.restarts, rng)
        starts[:, 0] = aims.inputs
        start = None
        if ctx.start is not None:
            starts[:, -1], start = ctx.start.points, Start(Use.USED, "one of the starts")
        points = aims.inputs.copy()
        for places, found, _ in search(loop, aims, starts, pace, ctx):
            points[places] = found
            ctx.report(point=PerturbedInputs(points=points))
        return self._claim(PerturbedInputs(points=points), loop, ctx, start)

    def _least(self, aims: Targets, network: Network, loop: Loop, ctx: Context, rng: np.random.Generator) -> Claim:
        first = Sides(*(side[:, 0] for side in aims.sides))

        def margins(points: np.ndarray, which: np.ndarray) -> np.ndarray:
            chosen = Sides(*(side[which] for side in first))
            return np.asarray(lowered(network.forward(points), chosen, "margin").margin)

        start, known = None, aims.inputs
        if ctx.start is not None:
            known, start = ctx.start.points, Start(Use.USED, "where it is nearer than what is found")
        guess, pace = _linear_radius(network, aims, first), self._pace(aims.order)
        points, won = aims.inputs, np.zeros(len(aims.inputs), dtype=bool)
        for points, won in least(loop, aims, known, guess, margins, pace, ctx, rng):
            if won.all():
                ctx.report(point=PerturbedInputs(points=points))
        lost = int((~won).sum())
        message = f"{lost} of {len(won)} inputs weren't won within their boxes" if lost else ""
        return self._claim(PerturbedInputs(points=points), loop, ctx, start, message)

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
                    ctx.report(point=best, witness=witness)
            if ctx.should_stop():
                break
        return replace(self._claim(best, loop, ctx, start), witness=witness)


def _linear_radius(network: Network, aims: Targets, sides: Sides) -> np.ndarray:
    """(n,) where the margins would reach 0 if they went on as they begin, and half as far again."""
    slope = numpy_slope(network, "margin")(aims.inputs, (None, sides))
    dual = {np.inf: 1, 2: 2, 1: np.inf}[aims.order]
    steepness = np.linalg.norm(slope.gradient, ord=dual, axis=1)
    return np.asarray(1.5 * np.maximum(slope.margin, 1e-6) / np.maximum(steepness, 1e-9))

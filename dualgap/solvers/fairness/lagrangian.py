"""Lagrangian training of fair classifiers, and the linear program over what it has found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Multipliers
from dualgap.problems.fair_classifier import FairClassifier, Linear, Network
from dualgap.problems.fair_classifier.answers import Member
from dualgap.problems.fair_classifier.cells_program import lift
from dualgap.problems.fair_classifier.logistic import Scaling, newton
from dualgap.solvers.fairness.descent import Data, Pace, Update, compiled, layers
from dualgap.solvers.fairness.mixture import Column, NoMixtureError, Pool, Scored
from dualgap.solvers.fairness.single import best_single
from dualgap.solvers.jax_scope import x64

_DIGITS = 8  # scores that agree in so many are the same: their thresholds would drown in rounding
_KEPT = 6  # iterates of each block whose scores are looked at
_BEYOND = 1e3
_CELLS = 4000  # up to here the linear program over cells takes no time, and bounds best

Layers = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class ProxyLagrangian(Solver):
    """Adam on soft rates, multipliers by true ones; then the best mixture of all thresholds of what was found.

    Attributes:
        steps: of Adam.
        step: of Adam, on features scaled to variance 1.
        dual_step: of the multipliers, which are in units of the loss for a rate of 1.
        penalty: of the augmented Lagrangian, or the proportional gain of nuPI.
        refits: after training, so many times the mixture's prices are handed to a cost-sensitive logistic regression
            (linear) or to further steps at fixed prices (network), and what it finds joins in.
        ridge: of the logistic regressions, on scaled features: more of it fits the training split less closely.
    """

    name: ClassVar[str] = "proxy-lagrangian"
    summary: ClassVar[str] = "Lagrangian training: true rates drive the multipliers, soft rates the gradients"
    accepts: ClassVar[tuple[type, ...]] = (FairClassifier,)
    requires: ClassVar[tuple[str, ...]] = ("jax", "optax")
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME})
    update: ClassVar[Update] = "ascent"

    steps: int = 60
    step: float = 0.05
    dual_step: float = 0.5
    penalty: float = 5.0
    refits: int = 4
    ridge: float = 1e-4

    def __post_init__(self) -> None:
        for name in ("steps", "step", "dual_step"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive")
        for name in ("refits", "ridge", "penalty"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} can't be negative")

    def refuses(self, form: Any) -> str | None:
        assert isinstance(form, FairClassifier)
        if form.rates is None:
            return "covariance is a convex program: take clarabel"
        if form.hypothesis == "threshold":
            return "thresholds of a given score need no training: take highs"
        return None

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, FairClassifier)
        run = _Training(form, ctx, self)
        with x64():
            for _ in run.improvements():
                answer, feasible = run.answer()
                ctx.report(answer, None, run.witness())
                if ctx.should_stop():
                    break
        run.bound()
        answer, feasible = run.answer()
        stop = Stop.TIME if ctx.should_stop() else Stop.FINISHED
        message = "" if feasible else "no classifier at hand is fair enough without chance"
        statistics = {"scores": len(run.pool.scores), "classifiers": len(run.pool.columns)}
        return Claim(answer, feasible, stop, witness=run.witness(), statistics=statistics, message=message)


class _Training:
    """One run: the columns that models read, and the pool of what they have scored."""

    def __init__(self, problem: FairClassifier, ctx: Context, solver: ProxyLagrangian) -> None:
        self.problem, self.ctx, self.solver = problem, ctx, solver
        rows = problem.train
        self.design, self.groups = problem.design[rows], problem.groups[rows]
        self.labels, self.mass = problem.label[rows], problem.mass[rows]
        self.shares = self.mass / self.mass.sum()
        self.scaling = Scaling.of(self.design, self.mass)
        self.x = np.hstack([self.scaling.scaled(self.design), np.ones((len(self.design), 1))])
        # A linear model that reads the group has an intercept, and so a threshold, for each; a network's layers see it.
        each = problem.group_aware and problem.hypothesis != "network"
        self.sets = tuple(self.groups == g for g in range(problem.count)) if each else (np.ones(len(self.x), bool),)
        self.tally = problem.tally(np.zeros(len(problem.label))).mass
        self.pool = Pool(self.tally, problem.fair_rows, self._linear_program)
        self.models: list[Layers] = []
        self.best_multipliers: np.ndarray | None = None

    def improvements(self) -> Iterator[None]:
        """Yields after each better pool."""
        start = newton(self.x, self.labels.astype(np.float64), self.shares, self.solver.ridge)
        self._add(_as_layers(start))
        self.pool.improve(self.ctx.should_stop)
        yield
        yield from self._train(start)
        if self.problem.hypothesis != "network":
            yield from self._refit(start)

    def _train(self, start: np.ndarray) -> Iterator[None]:
        """Lagrangian training from the unconstrained model (a network: from chance)."""
        import jax
        import jax.numpy as jnp

        every = max(1, self.solver.steps // _KEPT)
        begin, advance = compiled(self.solver.update, self.solver.steps, every)
        sizes = (self.x.shape[1], *self.problem.hidden, 1)
        network = self.problem.hypothesis == "network"
        params = layers(sizes, self.ctx.seed) if network else [(a.astype(np.float32), b) for a, b in _as_layers(start)]
        rows = self.problem.fair_rows
        single = [np.asarray(part, dtype=np.float32) for part in (rows.auxiliary, rows.lower, rows.upper)]
        data = Data(
            jnp.asarray(self.x, dtype=jnp.float32),
            jnp.asarray(self.labels, dtype=jnp.float32),
            jnp.asarray(self.shares, dtype=jnp.float32),
            jnp.asarray(2 * self.groups + self.labels, dtype=jnp.int32),
            jnp.asarray(rows.positive * self.mass.sum(), dtype=jnp.float32),
            *(jnp.asarray(part) for part in single),
        )
        params = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=jnp.float32), params)
        helpers = jnp.full(rows.auxiliary.shape[1], 0.5, dtype=jnp.float32)
        pace = Pace(*(np.float32(v) for v in (self.solver.step, self.solver.dual_step, self.solver.penalty)))
        state = begin(params, helpers, len(rows.names))
        with self.ctx.phase("compile"):
            ready = advance.lower(state, data, pace).compile()
        _, found = ready(state, data, pace)
        for number in range(self.solver.steps // every):
            self._add([(np.asarray(a[number], np.float64), np.asarray(b[number], np.float64)) for a, b in found])
        self.pool.improve(self.ctx.should_stop)
        yield

    def _refit(self, start: np.ndarray) -> Iterator[None]:
        """Cost-sensitive logistic regressions at the mixture's prices (Agarwal et al., 2018, section 3)."""
        theta = start
        for _ in range(self.solver.refits):
            before = self.pool.error
            price = self.pool.cost()[self.groups, self.labels] * self.mass
            size = float(np.abs(price).sum())
            if size == 0:
                return
            theta = newton(self.x, (price < 0).astype(np.float64), np.abs(price) / size, self.solver.ridge, theta, 4)
            self._add(_as_layers(theta))
            self.pool.improve(self.ctx.should_stop)
            yield
            if self.pool.error > before - 1e-9 or self.ctx.should_stop():
                return

    def _add(self, model: Layers) -> None:
        scores = _scores(model, self.x)
        size = float(np.abs(scores).max(initial=0.0))
        if not np.isfinite(size) or size == 0:
            return
        rounded = np.round(scores / size, _DIGITS)
        self.models.append([*model[:-1], (model[-1][0] / size, model[-1][1] / size)])
        self.pool.add(Scored.of(rounded, self.sets, self.groups, self.labels, self.mass, self.problem.count))

    def _linear_program(self, form: MixedIntegerProgram) -> tuple[np.ndarray, np.ndarray]:
        claim = self.ctx.subsolve(form, "highs", seconds=max(1.0, self.ctx.time_left()))
        if claim.point is None or not isinstance(claim.witness, Multipliers):
            raise NoMixtureError(f"the linear program of the mixture wasn't solved: {claim.stop} {claim.message}")
        return np.asarray(claim.point), claim.witness.rows.astype(np.float64)

    def bound(self) -> None:
        """Prices of the best classifier of the cells, where there are few of them; else the mixture's own."""
        if len(self.problem.cells) > _CELLS or self.ctx.should_stop():
            return
        view = next(view for view in self.problem.views() if view.name == "cells")
        form = view.build()
        assert isinstance(form, MixedIntegerProgram)
        relaxed = MixedIntegerProgram(**{**vars(form), "integer": np.zeros(len(form.cost), dtype=bool)})
        claim = self.ctx.subsolve(relaxed, "highs")
        found = lift(self.problem, claim.witness) if claim.witness is not None else None
        if isinstance(found, Multipliers):
            self.best_multipliers = found.rows

    def witness(self) -> Multipliers | None:
        found = self.best_multipliers if self.best_multipliers is not None else self.pool.multipliers
        return Multipliers(rows=found) if len(found) else None

    def answer(self) -> tuple[Any, bool]:
        """The mixture, or without chance the best single classifier; and whether it is fair enough."""
        if self.problem.randomized:
            mixed = self.pool.mixed
        else:
            single = best_single(self.pool, self.problem)
            if single is None:
                return self.problem.trivial(), True
            mixed = [(1.0, single)]
        members = [self._member(column) for _, column in mixed]
        weights = np.array([weight for weight, _ in mixed])
        return self.problem.classifier(members, weights / weights.sum()), True

    def _member(self, column: Column) -> Member:
        """A classifier in raw units: thresholds become intercepts, those of groups the groups' coefficients."""
        model, scored = self.models[column.score], self.pool.scores[column.score]
        limits = [_finite(float(values[place])) for values, place in zip(scored.values, column.places)]
        weights, biases = model[-1]
        if len(model) == 1:
            linear = self.scaling.linear(np.append(weights[:-1, 0], weights[-1, 0] + biases[0]))
            coefficients = linear.coefficients.astype(np.float64).copy()
            intercept = float(linear.intercept) - limits[0]
            if len(limits) > 1:
                coefficients[-len(limits) :] -= np.array(limits) - limits[0]
            return Linear(coefficients=coefficients, intercept=intercept)
        return _network(model, self.scaling, limits[0])


def _as_layers(theta: np.ndarray) -> Layers:
    return [(theta[:, None], np.zeros(1))]


def _scores(model: Layers, x: np.ndarray) -> np.ndarray:
    values = x
    for weights, biases in model[:-1]:
        values = np.maximum(values @ weights + biases, 0.0)
    return np.asarray((values @ model[-1][0] + model[-1][1])[:, 0])


def _finite(limit: float) -> float:
    """Scores are at most 1 in size on the training split: this is beyond those of any row."""
    return float(np.clip(limit, -_BEYOND, _BEYOND))


def _network(model: Layers, scaling: Scaling, limit: float) -> Network:
    """Layers that read raw columns: scaling goes into the first."""
    first, bias = model[0]
    raw = first[:-1] / scaling.deviation[:, None]
    weights = [raw, *(part for part, _ in model[1:])]
    biases = [bias + first[-1] - scaling.mean @ raw, *(part for _, part in model[1:])]
    biases[-1] = biases[-1] - limit
    return Network(weights=tuple(weights), biases=tuple(biases))


@dataclass(frozen=True)
class ProxyAugmented(ProxyLagrangian):
    """``proxy-lagrangian`` with an augmented Lagrangian: gradients see the multipliers after the next violation."""

    name: ClassVar[str] = "proxy-augmented"
    summary: ClassVar[str] = "the same with an augmented Lagrangian"
    update: ClassVar[Update] = "augmented"


@dataclass(frozen=True)
class ProxyNupi(ProxyLagrangian):
    """``proxy-lagrangian`` with multipliers moved by a PI controller on the smoothed violation."""

    name: ClassVar[str] = "nupi"
    summary: ClassVar[str] = "the same with multipliers moved by a PI controller (nuPI)"
    update: ClassVar[Update] = "nupi"

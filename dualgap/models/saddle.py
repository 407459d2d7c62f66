"""Saddle programs from Python: ``min over x in X, max over y in Y of f(x, y)`` with f in JAX.

Whoever states one vouches for what no verifier can check: that f is convex in x and concave in y, or that best
responses are best. Everything else is recomputed from f, and a response that does worse than what was played is not
believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, is_dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import field_validator, model_validator

from dualgap.core.arrays import Matrix, Vector
from dualgap.core.certificate import Bound, Evaluation, Evidence, Violation
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.forms import Convexity, SaddleProgram, bilinear
from dualgap.core.problem import Answer, Problem
from dualgap.core.relations import Relation
from dualgap.core.sets import Set
from dualgap.core.views import View, identity
from dualgap.core.witness import Strategies, Witness
from dualgap.problems.counts import fault
from dualgap.solvers.jax_scope import x64
from dualgap.solvers.saddle.field import Game, game_of
from dualgap.solvers.saddle.interval import INFINITY, sides
from dualgap.solvers.saddle.survey import width

_ROUNDING = 1e-12  # relative: of a sum in float64 that nobody has looked at


class Pair(Answer):
    """Both players' strategies, in flat vectors."""

    x: Vector
    y: Vector


class Saddle(Problem):
    """A saddle program as a problem of its own; it runs in this process, where its functions live.

    Attributes:
        objective: ``f(x, y, data)``, a JAX function of one value.
        payoff: P (m, n) in its place, for ``x'Py``; solvers of matrix games take it as well.
        x_set, y_set: where x minimises and y maximises; sets with a projection.
        initial: the pair to start from: arrays, or tuples of arrays for products of sets.
        data: what the objective takes besides; passed as an argument, so that new data don't compile anew.
        best_x, best_y: best responses ``best_x(y, data)`` and ``best_y(x, data)``, where known.
        convex: whether f is convex in x and concave in y. If not, only best responses bound anything.
    """

    kind: ClassVar[str] = "saddle"
    summary: ClassVar[str] = "any saddle program, from Python"
    answer_type: ClassVar[type[Answer]] = Pair

    objective: Callable[[Any, Any, Any], Any] | None = None
    payoff: Matrix | None = None
    x_set: Set
    y_set: Set
    initial: tuple[Any, Any]
    data: Any = None
    best_x: Callable[[Any, Any], Any] | None = None
    best_y: Callable[[Any, Any], Any] | None = None
    convex: bool = True

    @field_validator("initial", mode="before")
    @classmethod
    def _pair(cls, initial: Any) -> Any:
        if not isinstance(initial, tuple | list) or len(initial) != 2:
            raise fault("initial is no pair", "write (x, y): where each player starts")
        return initial

    @model_validator(mode="after")
    def _one_objective(self) -> Self:
        if (self.objective is None) is (self.payoff is None):
            raise fault(
                "neither objective nor payoff" if self.payoff is None else "an objective and a payoff", "give one"
            )
        return self

    @staticmethod
    def of(form: SaddleProgram) -> Saddle:
        """The same program as a problem."""
        return Saddle(
            objective=form.objective if form.payoff is None else None,
            payoff=form.payoff,
            x_set=form.x_set,
            y_set=form.y_set,
            initial=form.initial,
            data=form.data,
            best_x=form.best_x,
            best_y=form.best_y,
            convex=form.convexity is not Convexity.NONCONVEX,
        )

    @cached_property
    def form(self) -> SaddleProgram:
        """The program itself."""
        convexity = Convexity.CONVEX if self.convex else Convexity.NONCONVEX
        payoff = None if self.payoff is None else self.payoff.astype(np.float64)
        return SaddleProgram(
            objective=bilinear if self.objective is None else self.objective,
            x_set=self.x_set,
            y_set=self.y_set,
            initial=self.initial,
            data=payoff if self.data is None else self.data,
            best_x=self.best_x,
            best_y=self.best_y,
            convexity=convexity,
            payoff=payoff,
        )

    @cached_property
    def _game(self) -> Game:
        return game_of(self.form)

    def content(self) -> dict[str, Any]:
        """Arrays as they are, functions by name: enough to tell programs apart."""
        return {name: _plain(getattr(self, name)) for name in type(self).model_fields}

    @property
    def quantity(self) -> str:
        return "worst payoff" if self._bounded_above else "payoff at the pair"

    @property
    def scope(self) -> str:
        """What is taken on the user's word."""
        known = self.best_x is not None, self.best_y is not None
        words = [*(["convex in x and concave in y"] if self.convex and not all(known) else [])]
        words += ["best responses as given"] if any(known) else []
        return f"{', '.join(words)}, on your word" if words else "this instance"

    @cached_property
    def _bounded_above(self) -> bool:
        """Whether y's best payoff against an x can be told."""
        if self.best_y is not None:
            return True
        return self.convex and width(self._game.field.y) is not None

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        """What y can get against x at most: at a best response, or by concavity from the gradient at (x, y)."""
        outside = self._outside(answer)
        if any(violation.amount == INFINITY for violation in outside.values()):
            return Evaluation(INFINITY, outside)
        z = np.asarray(answer.x, dtype=np.float64), np.asarray(answer.y, dtype=np.float64)
        with self._scope():
            payoff = self._game.value(*z)
            _, upper = sides(self._game, *z)
            field = self._game.field
            residual = float(field.distance(field.moved(z, field.force(z), 1.0), z))
        metrics = {"all": {"payoff at the pair": payoff, "residual": residual}}
        value = max(upper, payoff) if self._bounded_above else payoff
        return Evaluation(value, outside, metrics, scale=max(1.0, abs(payoff)))

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        """What x can hold y's payoff down to at best."""
        if not isinstance(witness, Strategies):
            raise InvalidWitnessError(f"a saddle program takes strategies, not {witness.type}")
        pair = Pair(x=witness.x, y=witness.y)
        if any(violation.amount > 1e-6 for violation in self._outside(pair).values()):
            raise InvalidWitnessError("the strategies lie outside their sets")
        if not self._bounded_above:
            raise InvalidWitnessError("nothing tells y's best payoff: give best_y, or a bounded set for y")
        with self._scope():
            x, y = (np.asarray(part, dtype=np.float64) for part in (pair.x, pair.y))
            lower = min(sides(self._game, x, y)[0], self._game.value(x, y))
        if not lower > -INFINITY:
            raise InvalidWitnessError("nothing bounds the payoff from below: give best_x, or a bounded set for x")
        how = "against x's best response" if self.best_x is not None else "by convexity in x, from the gradient"
        error = _ROUNDING * max(1.0, abs(lower))
        return Bound(lower - error, Evidence.NUMERICAL, f"y's strategy, {how}", error)

    def _scope(self) -> AbstractContextManager[None]:
        return x64() if self.payoff is None else nullcontext()

    def _outside(self, answer: Any) -> dict[str, Violation]:
        """How far each strategy is from its set; infinite where it has the wrong length or isn't finite."""
        found = {}
        for name, side, point in (("x", self._game.field.x, answer.x), ("y", self._game.field.y, answer.y)):
            if len(point) != side.shape.size or not np.isfinite(point).all():
                found[name] = Violation(INFINITY)
                continue
            off = float(np.linalg.norm(side.project(np.asarray(point, dtype=np.float64)) - point))
            if off > 0.0:
                found[name] = Violation(off, max(1.0, float(np.linalg.norm(point))))
        return found

    def views(self) -> tuple[View, ...]:
        """``saddle``, exact."""
        shapes = self._game.field.x.shape, self._game.field.y.shape
        return (
            View(
                name="saddle",
                form_type=SaddleProgram,
                relation=Relation.EXACT,
                build=lambda: self.form,
                decode=lambda point: Pair(x=shapes[0].vector(point[0]), y=shapes[1].vector(point[1])),
                encode=lambda answer: (shapes[0].whole(answer.x), shapes[1].whole(answer.y)),
                lift_bound=identity if self._bounded_above else None,
                lift_witness=lambda witness: witness if isinstance(witness, Strategies) else None,
            ),
        )

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        shown = [("x", answer.x), ("y", answer.y)]
        return [("player", "strategy"), *((name, np.array2string(point, threshold=20)) for name, point in shown)]


def _plain(value: Any) -> Any:
    """Numbers and arrays as they are, sets and other records by their fields, and functions by name."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {
            "type": type(value).__qualname__,
            **{part.name: _plain(getattr(value, part.name)) for part in fields(value)},
        }
    if hasattr(value, "__array__"):
        return np.asarray(value)
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"

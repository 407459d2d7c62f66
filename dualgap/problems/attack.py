"""Attacks on any classifier that is a function: the problem behind ``dualgap.Attack``.

For every input x_i, min over x of ``margin_i(x) = min over classes t of f_label(x) - f_t(x)`` in the ball around x_i
and within ``clip``, as for ``adversarial-example``; but nothing is known of f, so that an attack's word is all there
is, or a Lipschitz constant that somebody vouches for.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import field_validator, model_validator

from dualgap.core.arrays import Array, Number, Vector, as_array
from dualgap.core.certificate import Evaluation, Violation
from dualgap.core.exact import Real
from dualgap.core.figures import Figure
from dualgap.core.problem import Answer, Problem
from dualgap.problems.counts import fault
from dualgap.problems.networks.pictures import guessed_shape, worst_inputs

Norm = Literal["inf", "2", "1"]

_NONE = as_array(())


class AttackedInputs(Answer):
    """The inputs as the adversary moves them, in the shape that the function takes."""

    points: Array


class FunctionAttack(Problem):
    """The worst perturbations of a classifier's inputs, the classifier being a JAX function.

    Attributes:
        function: ``f(x)`` for (n, ...) inputs, or ``f(parameters, x)`` where parameters are given, to (n, k) logits.
        inputs: (n, ...) as the function takes them.
        labels: (n,) their classes.
        radius: how far each may be moved, in its units.
        norm: of distances over all entries of an input: "inf", "2" or "1".
        clip: the least and greatest value of every entry, or None.
        targets: (n,) the class that each shall be taken for, -1 for any; empty stands for any.
        goal: "margin" (the mean worst margin) or "verdict" (the share of inputs that hold).
        parameters: what the function takes beside inputs, a tree of arrays; what stands in the function itself is
            compiled into it.
        lipschitz: a number L with ``|margin_i(x) - margin_i(x')| <= L ||x - x'||``, taken on your word; or None.
    """

    kind: ClassVar[str] = "attack"
    summary: ClassVar[str] = "the worst perturbation of any classifier's inputs, in Python"
    answer_type: ClassVar[type[Answer]] = AttackedInputs

    function: Callable[..., Any]
    inputs: Array
    labels: Vector
    radius: Number
    norm: Norm = "inf"
    clip: tuple[Number, Number] | None = None
    targets: Vector = _NONE
    goal: Literal["margin", "verdict"] = "margin"
    parameters: Any = None
    lipschitz: Number | None = None

    def __init__(self, function: Callable[..., Any], inputs: Any, labels: Any, /, **fields: Any) -> None:
        super().__init__(function=function, inputs=inputs, labels=labels, **fields)

    @field_validator("labels", "targets")
    @classmethod
    def _classes(cls, classes: np.ndarray) -> np.ndarray:
        if not np.array_equal(classes, np.rint(classes)):
            raise fault("classes are whole numbers", "count them from 0")
        return as_array(classes.astype(np.int64))

    @model_validator(mode="after")
    def _fits(self) -> Self:
        count = len(self.inputs) if self.inputs.ndim else 0
        if self.inputs.ndim < 2 or not self.inputs.size:
            raise fault(f"inputs have the shape {self.inputs.shape}", "give (n, ...), one row an input")
        if len(self.labels) != count or len(self.targets) not in (0, count):
            raise fault(f"{count} inputs, {len(self.labels)} labels, {len(self.targets)} targets", "one an input")
        if self.radius < 0 or (self.lipschitz is not None and self.lipschitz < 0):
            raise fault("a radius or a Lipschitz constant is negative", "both are >= 0")
        if self.clip is not None and (self.inputs.min() < self.clip[0] or self.inputs.max() > self.clip[1]):
            raise fault(f"inputs leave clip {list(self.clip)}", "check the inputs' scale")
        logits = self.logits(self.flat[:1])
        if logits.ndim != 2 or logits.shape[0] != 1 or logits.shape[1] < 2:
            raise fault(f"the function gives {logits.shape} for one input", "it should give (1, k), k >= 2 logits")
        classes = logits.shape[1]
        if self.labels.min() < 0 or self.labels.max() >= classes or (self.targets >= classes).any():
            raise fault("a label or target is no class", f"the function has classes 0 to {classes - 1}")
        if len(self.targets) and (self.targets == self.labels).any():
            raise fault("an input has its own class as its target", "take another target")
        return self

    def content(self) -> dict[str, Any]:
        """The fields as plain data; the function by its name, parameters left out."""
        name = getattr(self.function, "__qualname__", type(self.function).__name__)
        named = {"function": f"{getattr(self.function, '__module__', '')}.{name}", "parameters": None}
        fields = (field for field in type(self).model_fields if field not in named)
        return {**{field: getattr(self, field) for field in fields}, **named}

    @property
    def quantity(self) -> str:
        return "robust accuracy" if self.goal == "verdict" else "mean margin"

    @property
    def scope(self) -> str:
        count = f"{len(self.inputs):,} input" + ("s" if len(self.inputs) != 1 else "")
        return f"{count}, l{self.norm} perturbations up to {self.radius:g}"

    @cached_property
    def flat(self) -> np.ndarray:
        """(n, d) the inputs."""
        return self.inputs.reshape(len(self.inputs), -1).astype(np.float64)

    def logits(self, points: np.ndarray) -> np.ndarray:
        """(m, k) of points (m, d)."""
        shaped = points.reshape(-1, *self.inputs.shape[1:])
        given = (shaped,) if self.parameters is None else (self.parameters, shaped)
        return np.asarray(self.function(*given), dtype=np.float64)

    @cached_property
    def allowed(self) -> np.ndarray:
        """(n, k) bool: the classes that each input may be taken for."""
        classes = np.arange(self.logits(self.flat[:1]).shape[1])
        any_other: np.ndarray = classes != self.labels[:, None]
        if not len(self.targets):
            return any_other
        return np.where(self.targets[:, None] < 0, any_other, classes == self.targets[:, None])

    def margins(self, points: np.ndarray) -> np.ndarray:
        """(n,) of points (n, d)."""
        logits = self.logits(points)
        others = np.where(self.allowed, logits, -np.inf).max(axis=1)
        return np.asarray(logits[np.arange(len(logits)), self.labels] - others)

    def evaluate(self, answer: Any) -> Evaluation:
        if answer.points.shape != self.inputs.shape:
            return Evaluation(float("inf"), {"points": Violation(1)})
        points = answer.points.reshape(len(answer.points), -1).astype(np.float64)
        order = {"inf": np.inf, "2": 2, "1": 1}[self.norm]
        moved = np.linalg.norm(points - self.flat, ord=order, axis=1)
        low, high = self.clip if self.clip is not None else (-np.inf, np.inf)
        excess = {
            "beyond the radius": moved.max() - float(self.radius),
            "outside clip": max(float(low) - points.min(), points.max() - float(high)),
        }
        violations = {name: Violation(float(amount)) for name, amount in excess.items() if amount > 0}
        margins = self.margins(points)
        clean, robust = (Fraction(int((part > 0).sum()), len(part)) for part in (self.margins(self.flat), margins))
        accuracy = {"clean accuracy": clean, "robust accuracy": robust}
        metrics: dict[str, dict[str, Real]] = {
            "all": {**accuracy, "mean margin": float(margins.mean()), "least margin": float(margins.min())}
        }
        if self.goal == "verdict":
            return Evaluation(robust, violations, metrics)
        return Evaluation(float(margins.mean()), violations, metrics, scale=float(np.abs(margins).mean()))

    @property
    def vouched(self) -> float | None:
        """The objective's bound that the Lipschitz constant gives; None without one."""
        if self.lipschitz is None:
            return None
        least = self.margins(self.flat) - float(self.lipschitz) * float(self.radius)
        return float((least > 0).mean() if self.goal == "verdict" else least.mean())

    def trivial(self) -> AttackedInputs:
        return AttackedInputs(points=self.inputs)

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        """What the function makes of every input, before and after."""
        points = answer.points.reshape(len(answer.points), -1)
        before, after = (self.logits(part).argmax(axis=1).tolist() for part in (self.flat, points))
        margins = self.margins(points).tolist()
        rows: list[tuple[str, ...]] = [("input", "label", "class before", "class after", "margin")]
        for k, (label, one, other, margin) in enumerate(zip(self.labels.tolist(), before, after, margins, strict=True)):
            rows.append((str(k), str(label), str(one), str(other), f"{margin:.5g}"))
        return rows

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        points = answer.points.reshape(len(answer.points), -1).astype(np.float64)
        shape = guessed_shape(self.inputs.shape[1:])
        names = tuple(map(str, range(len(points))))

        def classes(part: np.ndarray) -> np.ndarray:
            return np.asarray(self.logits(part).argmax(axis=1))

        return worst_inputs(classes, names, self.flat, points, self.margins(points), self.norm, shape)

"""The ``universal-template`` kind: one perturbation that makes a network take many inputs for one class.

Mathematics: for inputs x_i, a network f and a target class t, the perturbed margin of input i is

    m_i(delta) = max over c != t of f_c(x_i') - f_t(x_i'),    x_i' = clip(x_i + delta),

at most 0 where the network answers t. Over ``||delta||_p <= radius`` maximise the share of inputs with m_i <= 0, or
minimise the mean of max(m_i, 0) (Moosavi-Dezfooli, Fawzi, Fawzi and Frossard, Universal adversarial perturbations,
2017). One delta for all can do no more than one for each, so that lower bounds on the margins of inputs attacked alone
bound it.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from math import floor
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BeforeValidator, model_validator

from dualgap.core.arrays import Matrix, Number, Rows, Vector, as_array
from dualgap.core.certificate import Bound, Evaluation, Sense, Violation
from dualgap.core.exact import Real, nearest
from dualgap.core.figures import Figure
from dualgap.core.problem import Answer, Problem
from dualgap.core.resolve import Resolver
from dualgap.core.statement import format_value
from dualgap.core.views import View
from dualgap.core.witness import Witness
from dualgap.problems.counts import fault
from dualgap.problems.networks.network import Network
from dualgap.problems.networks.pictures import Shape, beside, image_shape, picture, spread


def _norm(value: Any) -> Any:
    """Norms may be written as numbers."""
    named = {1: "1", 2: "2", float("inf"): "inf"}
    return named.get(value, value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Norm = Annotated[Literal["inf", "2", "1"], BeforeValidator(_norm)]
Goal = Literal["success", "margin"]

ORDERS = {"inf": np.inf, "2": 2, "1": 1}

_EMPTY = as_array(())
_PICTURES = 6


class Template(Answer):
    """``delta``, added to every input."""

    delta: Vector


class UniversalTemplate(Problem):
    """One perturbation that pushes inputs of other classes to a target class.

    Attributes:
        network: what is to be misled.
        inputs: (n, d) of classes other than the target.
        labels: (n,) their classes.
        target: the class that all are to be taken for.
        norm: of the perturbation: "inf", "2" or "1".
        radius: its largest size, in units of the inputs.
        clip: (low, high) to which perturbed inputs are cut off, or None.
        goal: "success" maximises the share of inputs taken for the target, "margin" minimises the mean margin to it,
            counted from 0 on.
        held_out, held_out_labels: (m, d), (m,) further inputs; their success rate is reported, and isn't optimised.
        shape: of the inputs as images, (height, width) or (channels, height, width), for pictures; guessed if empty.
    """

    kind: ClassVar[str] = "universal-template"
    summary: ClassVar[str] = "one perturbation that makes a network take many inputs for one class"
    answer_type: ClassVar[type[Answer]] = Template
    column_fields: ClassVar[tuple[str, ...]] = ("inputs", "labels", "held_out", "held_out_labels")
    raw_fields: ClassVar[Mapping[str, str]] = {
        "split": "{test = 0.3, seed = 0}: holds out so much of the inputs, after those of the target class are dropped",
        "normalize": "{mean = 0.13, std = 0.31}: what the network does to its inputs first",
    }
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "split": {"type": "object"},
        "normalize": {"type": "object"},
    }

    network: Network
    inputs: Matrix
    labels: Vector
    target: int
    radius: Number
    norm: Norm = "inf"
    clip: tuple[Number, Number] | None = None
    goal: Goal = "success"
    held_out: Rows = _EMPTY
    held_out_labels: Vector = _EMPTY
    shape: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        classes = self.network.outputs
        if not 0 <= self.target < classes:
            raise fault(f"target {self.target} is no class of the network", f"classes are 0 to {classes - 1}")
        if classes < 2:
            raise fault("the network has one output", "margins need two classes")
        if not len(self.inputs):
            raise fault("no inputs of classes other than the target", "give some, or another target")
        if self.radius < 0:
            raise fault(f"negative radius {self.radius}", "radius must be >= 0")
        if self.clip is not None and self.clip[0] > self.clip[1]:
            raise fault(f"clip {list(self.clip)} is empty", "write [low, high]")
        for inputs, labels in ((self.inputs, self.labels), (self.held_out, self.held_out_labels)):
            self._check(inputs, labels)
        if self.shape and (len(self.shape) not in (2, 3) or int(np.prod(self.shape)) != self.network.inputs):
            remedy = f"write [height, width] of {self.network.inputs} inputs, with channels first if there are any"
            raise fault(f"shape {list(self.shape)} doesn't fit {self.network.inputs} inputs", remedy)
        return self

    def _check(self, inputs: np.ndarray, labels: np.ndarray) -> None:
        if len(inputs) != len(labels):
            raise fault(f"{len(inputs)} inputs, {len(labels)} labels", "one label an input")
        if not len(inputs):
            return
        if inputs.ndim != 2 or inputs.shape[1] != self.network.inputs:
            entries = inputs.shape[-1]
            raise fault(f"inputs have {entries} entries, the network takes {self.network.inputs}", "check both")
        if labels.dtype != np.int64 or labels.min() < 0 or labels.max() >= self.network.outputs:
            raise fault("a label is no class of the network", f"classes are 0 to {self.network.outputs - 1}")
        if (labels == self.target).any():
            raise fault("inputs of the target class are among the inputs", "leave them out")
        if self.clip is not None and (inputs.min() < self.clip[0] or inputs.max() > self.clip[1]):
            raise fault(f"inputs leave clip {list(self.clip)}", "check the inputs' scale")

    @property
    def sense(self) -> Sense:
        return Sense.MAXIMIZE if self.goal == "success" else Sense.MINIMIZE

    @property
    def quantity(self) -> str:
        return "success rate" if self.goal == "success" else "mean margin"

    @property
    def scope(self) -> str:
        return f"target class {self.target}, n = {len(self.inputs):,}"

    @property
    def order(self) -> float:
        """The norm's order."""
        return ORDERS[self.norm]

    @cached_property
    def box(self) -> tuple[np.ndarray, np.ndarray]:
        """(d,) lower and upper entries of perturbations beyond which clipping leaves nothing of a change."""
        if self.clip is None:
            return np.full(self.network.inputs, -np.inf), np.full(self.network.inputs, np.inf)
        low, high = self.clip
        return low - self.inputs.max(axis=0), high - self.inputs.min(axis=0)

    def perturbed(self, inputs: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """(n, d) the inputs with delta added, clipped."""
        moved: np.ndarray = inputs.astype(np.float64) + delta
        return moved if self.clip is None else np.clip(moved, *self.clip)

    def margins(self, inputs: np.ndarray) -> np.ndarray:
        """(n,) the largest other logit less the target's, at inputs as they are."""
        logits = self.network.forward(inputs)
        others = np.delete(logits, self.target, axis=1)
        return np.asarray(others.max(axis=1) - logits[:, self.target])

    def objective(self, margins: np.ndarray) -> Fraction | float:
        """The goal's value at margins (n,)."""
        if self.goal == "success":
            return Fraction(int((margins <= 0).sum()), len(margins))
        return float(np.maximum(margins, 0.0).mean())

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        delta = answer.delta
        if delta.shape != (self.network.inputs,):
            return Evaluation(0, {"delta": Violation(abs(len(delta) - self.network.inputs))})
        size, radius = float(np.linalg.norm(delta, self.order)), float(self.radius)
        violations = {"radius": Violation(size - radius, max(1.0, radius))} if size > radius else {}
        margins = self.margins(self.perturbed(self.inputs, delta))
        metrics: dict[str, dict[str, Any]] = {"inputs": {**_said(margins), "size": size}}
        if len(self.held_out):
            metrics["held out"] = _said(self.margins(self.perturbed(self.held_out, delta)))
        scale = 0.0 if self.goal == "success" else float(np.abs(margins).mean())
        return Evaluation(self.objective(margins), violations, metrics, scale=scale)

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.universal_template.proofs import prove

        return prove(self, witness, seconds)

    def trivial(self) -> Template:
        return Template(delta=np.zeros(self.network.inputs))

    def tighten(self, bound: float) -> float:
        """Success rates are whole inputs."""
        if self.goal == "margin":
            return bound
        return floor(bound * len(self.inputs) + 1e-6) / len(self.inputs)

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.universal_template.program import views

        return views(self)

    # For people.
    def render(self, answer: Any) -> list[tuple[str, ...]]:
        """How many inputs of each class the template wins."""
        rows: list[tuple[str, ...]] = [("label", "inputs", "taken for the target before", "after")]
        if answer.delta.shape != (self.network.inputs,):
            return rows
        before, after = (self.margins(self.perturbed(self.inputs, delta)) <= 0 for delta in (np.zeros(1), answer.delta))
        for label in np.unique(self.labels).tolist():
            of = self.labels == label
            rows.append((str(label), *(f"{int(part.sum()):,}" for part in (of, before & of, after & of))))
        return rows

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        """What the template is worth on the inputs that it was made for, and on others."""
        rows: list[tuple[str, ...]] = [("", "inputs", "success rate", "mean margin")]
        for name, inputs in (("inputs", self.inputs), ("held out", self.held_out)):
            if name in metrics:
                rate, margin = (nearest(metrics[name][key]) for key in ("success rate", "mean margin"))
                rows.append((name, f"{len(inputs):,}", f"{100 * rate:.1f} %", f"{margin:.4g}"))
        return [rows] if len(rows) > 1 else []

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        shape = image_shape(self.network, self.shape)
        drawn: tuple[Figure, ...] = (spread(answer.delta, self.norm),)
        return drawn if shape is None else (*self._pictures(answer.delta, shape), *drawn)

    def _pictures(self, delta: np.ndarray, shape: Shape) -> tuple[Figure, ...]:
        """The template, and the first input of each class with it."""
        _, first = np.unique(self.labels, return_index=True)
        chosen = first[:_PICTURES]
        clean = self.inputs[chosen].astype(np.float64)
        changed = self.perturbed(clean, delta)
        answers = self.network.forward(changed).argmax(axis=1)
        titles = [("as it is", f"taken for {answer}") for answer in answers.tolist()]
        names = [f"label {label}" for label in self.labels[chosen].tolist()]
        most = float(np.abs(delta).max(initial=0.0))
        title = f"size {format_value(float(np.linalg.norm(delta, self.order)))} in l{self.norm}"
        whole = picture(title, delta, shape, (-most, most), signed=True)
        pictures = beside(names, clean, changed, shape, titles)
        return (type(pictures)(pictures.caption, (("the template", (whole,)), *pictures.rows)),)

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        from dualgap.problems.universal_template.resolve import resolve

        return resolve(spec, cls.column_fields, resolver)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> UniversalTemplate:
        """A small random network and inputs; see ``dualgap.problems.universal_template.generate``."""
        from dualgap.problems.universal_template.generate import generate

        return cls(**generate(size, seed, **options))


def _said(margins: np.ndarray) -> dict[str, Any]:
    return {"success rate": Fraction(int((margins <= 0).sum()), len(margins)), "mean margin": float(margins.mean())}

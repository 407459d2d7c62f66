"""The ``adversarial-example`` kind: its closed spec, evaluation and names.

Mathematics: for every input x_i, min over x of ``margin_i(x)`` subject to ``||x - x_i||_p <= radius`` and x within
the clip box, where ``margin_i(x) = min over allowed classes t of logit_label(x) - logit_t(x)`` of a ReLU network
(Szegedy et al., Intriguing properties of neural networks, ICLR 2014; Tjeng et al., Evaluating robustness of neural
networks with mixed integer programming, ICLR 2019). With ``radius = "minimal"``: min ``||x - x_i||_p`` subject to
``margin_i(x) <= 0``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from math import ceil
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, field_validator, model_validator

from dualgap.core.arrays import Matrix, Number, Rows, Vector, as_array
from dualgap.core.certificate import Bound, Evaluation
from dualgap.core.exact import Real
from dualgap.core.figures import Figure
from dualgap.core.problem import Answer, Problem
from dualgap.core.resolve import Resolver
from dualgap.core.views import View
from dualgap.core.witness import Witness
from dualgap.problems.adversarial_example.checks import read_norm, read_radius
from dualgap.problems.adversarial_example.data import RAW_FIELDS, RAW_SCHEMAS
from dualgap.problems.adversarial_example.margins import Margins, class_margins, property_margins
from dualgap.problems.counts import Names, fault
from dualgap.problems.networks.network import Network


def _none() -> np.ndarray:
    return as_array(())


class PerturbedInputs(Answer):
    """(n, d) the inputs as the adversary moves them."""

    points: Matrix


class AdversarialExample(Problem):
    """How far a ReLU network's answers can be moved, one input at a time.

    Attributes:
        network: a file (.onnx; .safetensors and .npz with layout, layers, shape), or its layers with their weights.
        inputs: (n, d) flat, in C order (channels, height, width), in the units before ``normalize``.
        labels: (n,) their classes; empty where ``rows`` are given.
        radius: how far an input may be moved, in its units; "minimal" asks for the least distance at which it is
            taken for another class.
        norm: of distances: "inf", "2" or "1".
        clip: the least and greatest value of every coordinate, or None.
        targets: (n,) the class that each input shall be taken for, -1 for any but its own.
        goal: "margin" (the mean worst margin) or "verdict" (the share of inputs that hold).
        names: of the inputs; "0" to "n-1" by default.
        lower, upper: (n, d) boxes of the inputs besides; empty without.
        rows: (m, k) instead of labels: a margin is the least of ``rows logits + constants``.
        constants: (m,).
    """

    kind: ClassVar[str] = "adversarial-example"
    summary: ClassVar[str] = "the worst perturbation of a ReLU network's inputs, and robust accuracy as an interval"
    answer_type: ClassVar[type[Answer]] = PerturbedInputs
    column_fields: ClassVar[tuple[str, ...]] = ("inputs", "labels", "names")
    raw_fields: ClassVar[Mapping[str, str]] = RAW_FIELDS
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = RAW_SCHEMAS
    raw_wholes: ClassVar[tuple[str, ...]] = ("property",)

    network: Network
    inputs: Matrix
    labels: Vector = Field(default_factory=_none)
    radius: Annotated[Number | Literal["minimal"], BeforeValidator(read_radius)]
    norm: Annotated[Literal["inf", "2", "1"], BeforeValidator(read_norm)] = "inf"
    clip: tuple[Number, Number] | None = None
    targets: Vector = Field(default_factory=_none)
    goal: Literal["margin", "verdict"] = "margin"
    names: Names = ()
    lower: Rows = Field(default_factory=_none)
    upper: Rows = Field(default_factory=_none)
    rows: Rows = Field(default_factory=_none)
    constants: Vector = Field(default_factory=_none)

    @model_validator(mode="before")
    @classmethod
    def _closes(cls, data: Any) -> Any:
        from dualgap.problems.adversarial_example.checks import with_targets

        return with_targets(data)

    @field_validator("labels", "targets")
    @classmethod
    def _classes(cls, classes: np.ndarray) -> np.ndarray:
        if not np.array_equal(classes, np.rint(classes)):
            raise fault("classes are whole numbers", "count them from 0")
        return as_array(classes.astype(np.int64))

    @field_validator("lower", "upper", "rows")
    @classmethod
    def _in_rows(cls, rows: np.ndarray) -> np.ndarray:
        return rows.reshape(1, -1) if rows.ndim == 1 and rows.size else rows

    @model_validator(mode="after")
    def _fits(self) -> Self:
        from dualgap.problems.adversarial_example.checks import check

        check(self)
        return self

    # What it is about.
    @property
    def minimal(self) -> bool:
        """Whether least radii are asked for."""
        return isinstance(self.radius, str)

    @property
    def quantity(self) -> str:
        if self.minimal:
            return "mean least radius"
        return "robust accuracy" if self.goal == "verdict" else "mean margin"

    @property
    def scope(self) -> str:
        count = f"{len(self.inputs):,} input" + ("s" if len(self.inputs) != 1 else "")
        return count if self.minimal else f"{count}, {self.ball}"

    @property
    def ball(self) -> str:
        """What an adversary may do, in words."""
        boxed = self.lower.size and self.norm == "inf"
        return "their boxes" if boxed else f"l{self.norm} perturbations up to {self.radius:g}"

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        return self.names or tuple(map(str, range(len(self.inputs))))

    @cached_property
    def margins(self) -> Margins:
        """The functions of the logits whose least value is an input's margin: of classes and of properties alike."""
        if self.rows.size:
            return property_margins(self.rows, self.constants, len(self.inputs))
        return class_margins(self.labels, self.targets, self.network.outputs)

    @cached_property
    def box(self) -> tuple[np.ndarray, np.ndarray]:
        """(n, d) least and greatest values of the coordinates (``clip``, ``lower``, ``upper``); infinite without."""
        low, high = self.clip if self.clip is not None else (-np.inf, np.inf)
        lower, upper = np.full(self.inputs.shape, float(low)), np.full(self.inputs.shape, float(high))
        if self.lower.size:
            lower, upper = np.maximum(lower, self.lower), np.minimum(upper, self.upper)
        return lower, upper

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        from dualgap.problems.adversarial_example.evaluate import evaluate

        return evaluate(self, np.asarray(answer.points, dtype=np.float64))

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.networks.bounds import prove

        return prove(self, witness, seconds)

    def trivial(self) -> PerturbedInputs | None:
        """The inputs as they are, unless they have to be moved."""
        unmoved = PerturbedInputs(points=self.inputs)
        return None if self.minimal and self.evaluate(unmoved).violations else unmoved

    def tighten(self, bound: float) -> float:
        """Robust accuracy is a whole number of inputs."""
        if self.minimal or self.goal == "margin":
            return bound
        count = len(self.inputs)
        return ceil(bound * count - 1e-6) / count

    def sensitivity(self, answer: Any, witness: Witness | None, optimal: bool) -> Mapping[str, Mapping[str, Real]]:
        from dualgap.problems.adversarial_example.metrics import certified

        return certified(self, witness)

    # How people read and write it.
    def read_answer(self, data: Any) -> Any:
        """From ``{"points": [[...], ...]}``, or the one array of as many inputs that a file holds, in any shape."""
        from dualgap.problems.adversarial_example.answers import read

        return read(self, data)

    def headline(self, metrics: Mapping[str, Mapping[str, Real]]) -> str:
        from dualgap.problems.adversarial_example.metrics import headline

        return headline(self, metrics)

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        from dualgap.problems.adversarial_example.answers import figures

        return figures(self, answer.points)

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        from dualgap.problems.adversarial_example.answers import perturbations

        return perturbations(self, answer.points)

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        from dualgap.problems.adversarial_example.metrics import tables

        return tables(self, metrics)

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.adversarial_example.views import views

        return views(self)

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        """Reads the network (``.onnx``, ``.safetensors``, ``.npz``), data, and VNN-LIB properties."""
        from dualgap.problems.adversarial_example.data import closed

        return closed(spec, resolver, cls.column_fields)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> AdversarialExample:
        """A random network and inputs; see ``dualgap.problems.adversarial_example.generate``."""
        from dualgap.problems.adversarial_example.generate import generate

        return cls(**generate(size, seed, **options))

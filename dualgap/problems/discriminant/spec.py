"""The ``discriminant`` kind: its closed spec, evaluation and names.

Mathematics: directions W that tell classes apart, and don't see what a spurious variable does within a class:

    max tr((W'CW)^-1 W'S_be W),  C = S_w + gamma S_bc + ridge v I,  W of at most k columns,

the ratio trace; with W'CW = I it is tr(W'S_be W). The scatters are those of ``dualgap.problems.discriminant.scatters``;
v is the mean variance of a feature. gamma = 1 is Fisher's discriminant (Fisher 1936; Rao 1948 for several classes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from dualgap.core.arrays import Array, Matrix, Number, as_array, shown
from dualgap.core.certificate import Bound, Evaluation, Sense, Violation
from dualgap.core.errors import SpecError
from dualgap.core.exact import Real
from dualgap.core.figures import Figure
from dualgap.core.problem import Answer, Problem
from dualgap.core.views import View
from dualgap.core.witness import Witness
from dualgap.problems.columns import Categories
from dualgap.problems.counts import Names, fault
from dualgap.problems.discriminant import scatters
from dualgap.problems.discriminant.accuracy import accuracies
from dualgap.problems.discriminant.sample import Sample, projections
from dualgap.problems.discriminant.splits import SPLITS, TRAIN
from dualgap.problems.spectra import leading

if TYPE_CHECKING:
    from dualgap.core.resolve import Resolver

ORDINARY = "MDA"
_DIGITS = 13
_DEPENDENT = 1e-10  # squared, of directions of C-length 1: below it they count as dependent


def _whole_or_full(value: Any) -> Any:
    if value != "full" and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1):
        raise fault(f"k is {shown(value)}", 'a whole number from 1, or "full"')
    return value if value == "full" else int(value)


_COUNTS = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "full"}]}
_LISTS: Mapping[str, Mapping[str, Any]] = {
    name: {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
    for name, one in {"gamma": {"type": "number"}, "ridge": {"type": "number"}, "k": _COUNTS}.items()
}

Count = Annotated[int | Literal["full"], PlainValidator(_whole_or_full), WithJsonSchema(_COUNTS)]


class Directions(Answer):
    """(d, c) columns, of any length: only their span counts."""

    directions: Matrix


class Discriminant(Problem):
    """Directions that tell classes apart and ignore a spurious feature.

    Attributes:
        features: (n, p) one row an example; "*", the default with ``data``: every other column of numbers.
        label: (n,) the class of each.
        spurious: (n,) a category for each, or numbers, one an example or s in a row: what directions should ignore.
        product: whether examples are the products of all their spurious numbers with all their features: images are
            their colour times their grey values. Directions then have d = s p entries, the numbers' blocks in turn.
        counterfactuals: (m, n, p) the features with the spurious variable set to each of m values: for interventional
            scatters, where ``product`` doesn't tell them; with ``data`` m lists of columns, or one array.
        scatter: "observed", "interventional" (the spurious variable set apart from the class), or "projection"
            (observed, without the directions in which the spurious variable moves a class; gamma has no meaning).
        gamma: the price of what the spurious variable makes of a class; 1 is Fisher's discriminant. A list is chosen
            from on the validation split, by the accuracy (of cells, class by category, on average).
        ridge: added to the metric's diagonal, in units of the features' mean variance; or a list.
        k: how many directions; "full", the default: one less than there are classes; or a list.
        split: (n,) train, validation or test; all train by default. With ``data`` {column = "..."}, or {validation =
            share, test = share, seed = 0}, a fifth each by default.
        tried: (m, 4) gamma, ridge, k and validation score of what was chosen from; filled in where lists are given.
        names: the p features' names; x1, x2 ... by default.
    """

    kind: ClassVar[str] = "discriminant"
    summary: ClassVar[str] = "directions that tell classes apart and ignore a spurious feature"
    answer_type: ClassVar[type[Answer]] = Directions
    column_fields: ClassVar[tuple[str, ...]] = ("features", "label", "spurious")
    raw_fields: ClassVar[Mapping[str, str]] = {
        "categorical": "true where a spurious column of numbers names categories"
    }
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "categorical": {"type": "boolean", "default": False},
        "split": {"anyOf": [{"type": "array", "items": {"enum": list(SPLITS)}}, {"type": "object"}]},
        **_LISTS,
    }

    features: Matrix
    label: Names
    spurious: Categories
    product: bool = False
    counterfactuals: Array = Field(default_factory=lambda: as_array(()))
    scatter: Literal["observed", "interventional", "projection"] = "observed"
    gamma: Number = 1
    ridge: Number = 0.1
    k: Count = "full"
    split: Names = ()
    tried: Array = Field(default_factory=lambda: as_array(()))
    names: Names = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        from dualgap.problems.discriminant.checks import faults

        if found := faults(self):
            raise SpecError(found, type(self).__name__)
        return self

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        """Columns of ``data``, splits, and the choice of gamma, ridge and k where lists of them are given."""
        from dualgap.problems.discriminant.reading import closed_fields

        return closed_fields(cls, spec, resolver)

    @property
    def sense(self) -> Sense:
        return Sense.MAXIMIZE

    @property
    def quantity(self) -> str:
        return "ratio trace"

    @property
    def scope(self) -> str:
        return f"{self.scatter} scatter of n = {len(self.sample):,} training examples"

    # Data.
    @cached_property
    def classes_named(self) -> tuple[str, ...]:
        """The classes in alphabetical order."""
        return tuple(sorted(set(self.label)))

    @cached_property
    def codes(self) -> np.ndarray:
        """(n,) the class of each example by number."""
        number = {name: k for k, name in enumerate(self.classes_named)}
        return np.array([number[name] for name in self.label])

    @cached_property
    def settings(self) -> np.ndarray:
        """(n, s) the spurious variable: categories one-hot, numbers as they are."""
        if isinstance(self.spurious, np.ndarray):
            return np.asarray(self.spurious, dtype=np.float64).reshape(len(self.spurious), -1)
        number = {name: k for k, name in enumerate(sorted(set(self.spurious)))}
        return np.eye(len(number))[[number[name] for name in self.spurious]]

    @cached_property
    def cells(self) -> np.ndarray | None:
        """(n,) class by category; None where the spurious variable is of numbers."""
        if isinstance(self.spurious, np.ndarray):
            return None
        return np.asarray(self.codes * self.settings.shape[1] + self.settings.argmax(axis=1))

    @cached_property
    def rows(self) -> Mapping[str, np.ndarray]:
        """(n,) bool for each split."""
        names = np.array(self.split) if self.split else np.full(len(self.label), TRAIN)
        return {name: names == name for name in SPLITS}

    @cached_property
    def sample(self) -> Sample:
        """The training examples."""
        rows, features = self.rows[TRAIN], self.features.astype(np.float64)
        versions = self.counterfactuals.astype(np.float64).reshape(-1, *features.shape)
        count = len(self.classes_named)
        return Sample(features[rows], self.codes[rows], self.settings[rows], self.product, versions[:, rows], count)

    @cached_property
    def scatters(self) -> scatters.Scatters:
        find = {
            "observed": scatters.observed,
            "projection": scatters.projected,
            "interventional": scatters.interventional,
        }
        return find[self.scatter](self.sample)

    @cached_property
    def metric(self) -> np.ndarray:
        """(d, d) C."""
        return self.scatters.metric(float(self.gamma), float(self.ridge))

    @property
    def count(self) -> int:
        """The most directions."""
        return min(len(self.classes_named) - 1, self.sample.width) if self.k == "full" else self.k

    @cached_property
    def ordinary(self) -> Mapping[str, Mapping[str, Real]]:
        """The accuracies of Fisher's discriminant of the same ridge and k, which knows of no spurious variable."""
        plain = scatters.observed(self.sample) if self.scatter != "observed" else self.scatters
        _, frame = leading(plain.root, plain.metric(1.0, float(self.ridge)), self.count)
        return accuracies(self, frame, plain.centroids)

    def along(self, directions: np.ndarray) -> np.ndarray:
        """(n, c) all examples along (d, c) directions."""
        return projections(self.features, self.settings, self.product, directions)

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        directions = np.asarray(answer.directions, dtype=np.float64)
        width, count = self.sample.width, directions.shape[1]
        if directions.shape[0] != width or count == 0:
            return Evaluation(0.0, {"directions": Violation(max(1, abs(directions.shape[0] - width)))})
        frame = self.normalised(directions)
        if frame is None:
            return Evaluation(0.0, {"independent directions": Violation(1)})
        violations = {"k": Violation(count - self.count)} if count > self.count else {}
        value = _settled(float(np.sum((self.scatters.root @ frame) ** 2)))
        metrics = accuracies(self, frame, self.scatters.centroids)
        for split, found in self.ordinary.items():
            metrics[split] |= {f"{ORDINARY} {name}": share for name, share in found.items()}
        return Evaluation(value, violations, metrics, scale=value)

    def normalised(self, directions: np.ndarray) -> np.ndarray | None:
        """(d, c) columns of the same span with W'CW = I; None where they are dependent."""
        gram = directions.T @ self.metric @ directions
        lengths = np.sqrt(np.maximum(np.diag(gram), 0.0))
        if not (np.isfinite(lengths).all() and lengths.all()):
            return None
        sizes, turned = np.linalg.eigh(gram / np.outer(lengths, lengths))
        if sizes[0] < _DEPENDENT:
            return None
        return np.asarray((directions / lengths) @ (turned / np.sqrt(sizes)))

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.discriminant.bounds import prove

        return prove(self, witness)

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.discriminant.views import views

        return views(self)

    # How people read it.
    def exports(self) -> Mapping[str, Callable[[Any], bytes]]:
        """``directions``: W as CSV, for ``features @ W``."""
        from dualgap.problems.discriminant.render import as_csv

        return {"directions": as_csv}

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        from dualgap.problems.discriminant.render import table

        return table(self, answer)

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        from dualgap.problems.discriminant.render import tables

        return tables(self, metrics)

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        from dualgap.problems.discriminant.figures import figures

        return tuple(figures(self, answer))

    def measures(self, metrics: Mapping[str, Mapping[str, Real]]) -> Mapping[str, Real]:
        from dualgap.problems.discriminant.render import measures

        return measures(metrics)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> Discriminant:
        """Groups with a spurious feature; see ``dualgap.problems.discriminant.generate``."""
        from dualgap.problems.discriminant.generate import generate

        return cls(**generate(size, seed, **options))


def _settled(value: float) -> float:
    """Without the digits that rounding makes up: equal directions are equally good."""
    return float(f"{value:.{_DIGITS - 1}e}")

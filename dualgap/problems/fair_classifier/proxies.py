"""Mixtures of linear models or of networks, as a program with soft rates for proxies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.proxies import Mixture, ProxyProgram, Relaxation
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.fair_classifier import cells_program, soft
from dualgap.problems.fair_classifier.answers import Classifier, Linear, Network, all_positive, size
from dualgap.problems.fair_classifier.coordinates import Coordinates, constants, initial
from dualgap.problems.fair_classifier.intercepts import Intercepts
from dualgap.problems.fair_classifier.pairs import Pairs, pairs

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier


def view(problem: FairClassifier) -> View:
    """``proxies``: exact for linear models; networks have the spec's layers."""

    @lru_cache(maxsize=1)
    def build() -> Models:
        return Models(problem)

    return View(
        name="proxies",
        form_type=ProxyProgram,
        relation=Relation.EXACT,
        build=lambda: build().program(),
        decode=lambda point: build().decode(point),
        encode=lambda answer: build().encode(answer),
        lift_witness=lambda witness: build().lift(witness),
        encode_witness=lambda witness: build().lower(witness),
    )


def _relaxed(program: MixedIntegerProgram) -> MixedIntegerProgram:
    return replace(program, integer=np.zeros_like(program.integer))


@dataclass(frozen=True, eq=False)
class Models:
    """The maps between the problem and its program, and what both share."""

    problem: FairClassifier

    @property
    def hidden(self) -> tuple[int, ...]:
        return self.problem.hidden if self.problem.hypothesis == "network" else ()

    @cached_property
    def design(self) -> np.ndarray:
        """(n, D) of the training split."""
        return np.asarray(self.problem.design[self.problem.train])

    @cached_property
    def largest(self) -> float:
        return size(self.design)

    @cached_property
    def masses(self) -> np.ndarray:
        """(n, 2 G) each row's weight, in the column of its group and label."""
        rows = self.problem.train
        found = np.zeros((int(rows.sum()), 2 * self.problem.count))
        code = 2 * self.problem.groups[rows] + self.problem.label[rows]
        found[np.arange(len(found)), code] = self.problem.mass[rows]
        return found

    @cached_property
    def pairs(self) -> Pairs:
        return pairs(self.problem.fair_rows)

    @cached_property
    def sets(self) -> np.ndarray:
        """(b, n) whom each intercept is for: linear models that read the group have one for each."""
        rows = self.problem.groups[self.problem.train]
        own = self.problem.group_aware and not self.hidden
        found: np.ndarray = np.eye(self.problem.count)[rows].T if own else np.ones((1, len(rows)))
        return found

    @cached_property
    def coordinates(self) -> Coordinates:
        rows = self.problem.train
        labels, weights = self.problem.label[rows], self.problem.mass[rows]
        return Coordinates.of(self.design, labels, weights, len(self.sets), rounded=not self.hidden)

    def program(self) -> ProxyProgram:
        coordinates, found, hidden = self.coordinates, self.pairs, self.hidden
        data = {
            "inputs": coordinates.inputs(self.design).T,
            "sets": self.sets,
            "masses": self.masses.T,
            "matrix": found.matrix,
            "offset": found.offset,
            "total": self.masses.sum(),
            "ones": self.masses[:, 1::2].sum(),
        }
        return ProxyProgram(
            proxies=soft.proxies,
            measured=soft.measured,
            priced=soft.priced,
            initial=lambda seed: initial(coordinates, hidden, seed),
            data={name: np.array(values, dtype=np.float32, order="C") for name, values in data.items()},
            evaluate=self.evaluate,
            mixtures=self.problem.randomized,
            candidates=constants(coordinates, hidden),
            line=self.line,
            relaxation=Relaxation(lambda: _relaxed(cells_program.program(self.problem)), found.multipliers),
        )

    def evaluate(self, members: Sequence[soft.Layers]) -> tuple[np.ndarray, np.ndarray]:
        """Errors and excesses of the models of raw features, which are what the verifier sees."""
        models = [self.coordinates.model(layers) for layers in members]
        linear = [model for model in models if isinstance(model, Linear)]
        if len(linear) == len(models):
            predicted = all_positive(linear, self.design, self.largest)
        else:
            predicted = np.column_stack([model.positive(self.design) for model in models])
        return self.worth(predicted.T @ self.masses)

    def worth(self, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """((k,) errors, (k, m) excesses) of (k, 2 G) masses that are predicted positive."""
        return self.error(positive), positive @ self.pairs.matrix.T + self.pairs.offset

    def line(self, layers: soft.Layers) -> Intercepts:
        """All intercepts of a model."""
        scores = self.coordinates.model(layers).scores(self.design)
        return Intercepts.of(layers, scores, self.sets > 0, self.masses, self.pairs)

    def error(self, positive: np.ndarray) -> np.ndarray:
        """Of (k, 2 G) masses that are predicted positive."""
        wrong = positive[:, 0::2].sum(axis=1) - positive[:, 1::2].sum(axis=1) + self.masses[:, 1::2].sum()
        return np.asarray(wrong / self.masses.sum())

    def decode(self, point: Mixture) -> Classifier:
        return self.problem.classifier([self.coordinates.model(layers) for layers in point.members], point.weights)

    def encode(self, answer: Classifier) -> Mixture | None:
        """None for members that aren't of the program's kind."""
        kind = Network if self.hidden else Linear
        if not all(isinstance(member, kind) for member in answer.members):
            return None
        members = tuple(self.coordinates.layers(member) for member in answer.members)  # type: ignore[arg-type]
        return Mixture(members, answer.weights.astype(np.float64))

    def lift(self, witness: Witness) -> Witness | None:
        if not isinstance(witness, Multipliers) or len(witness.rows) != len(self.pairs.offset):
            return None
        return Multipliers(rows=np.maximum(witness.rows.astype(np.float64), 0.0) @ self.pairs.lift)

    def lower(self, witness: Witness) -> Witness | None:
        if not isinstance(witness, Multipliers) or len(witness.rows) != self.pairs.lift.shape[1]:
            return None
        return Multipliers(rows=self.pairs.multipliers(witness.rows.astype(np.float64)))

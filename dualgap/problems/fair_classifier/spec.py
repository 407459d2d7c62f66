"""The ``fair-classifier`` kind: its closed spec, evaluation and names.

Mathematics: the least training error of a classifier of some class whose rates differ by at most epsilon between groups
(demographic parity: Dwork et al., 2012; equalised odds and equal opportunity: Hardt, Price and Srebro, 2016), or the
least logistic loss whose scores' covariance with the groups is at most epsilon (Zafar et al., 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from dualgap.core.arrays import Number, Rows, Vector, as_array
from dualgap.core.certificate import Bound, Evaluation
from dualgap.core.errors import SpecError
from dualgap.core.exact import Real
from dualgap.core.explain.blocks import SHOWN, Block
from dualgap.core.figures import Figure
from dualgap.core.problem import Answer, Problem
from dualgap.core.resolve import Resolver
from dualgap.core.views import View
from dualgap.core.witness import Witness
from dualgap.problems.counts import Names
from dualgap.problems.fair_classifier.answers import Classifier, Linear, Member
from dualgap.problems.fair_classifier.cells import Cells
from dualgap.problems.fair_classifier.encoding import Column, Encoding
from dualgap.problems.fair_classifier.rates import Difference, Metric, Tally
from dualgap.problems.fair_classifier.rates import Rows as FairRows
from dualgap.problems.fair_classifier.raw import RAW_FIELDS, RAW_SCHEMAS

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.covariance import Surrogate
    from dualgap.problems.fair_classifier.predictor import Predictor

Hypothesis = Literal["threshold", "linear", "network", "table"]
CLASSES: tuple[Hypothesis, ...] = ("threshold", "linear", "network", "table")
COVARIANCE = "covariance"
TRAIN = "train"


def _nothing() -> np.ndarray:
    return as_array(())


class FairClassifier(Problem):
    """A classifier as accurate as can be whose rates differ little between groups.

    Attributes:
        features: (n, d) a row for each person or cell; columns by name, with ``data`` all others by default ("*").
        label: (n,) 0 and 1; a column of texts as {column = "income", positive = ">50K"}.
        groups: (n,) each row's group, by its place in ``group_names``.
        group_names: one group for each combination of the sensitive columns' values.
        encoding: how the data's columns became features and groups.
        weights: (n,) of aggregated rows, positive; 1 each by default.
        split: (n,) each row's split, by its place in ``split_names``; all rows are for training by default.
        split_names: the first is the training split, which the certificate is about.
        metric: "demographic-parity", "equalized-odds", "equal-opportunity", or "covariance".
        difference: of a rate between groups: "max-min", "to-overall" (fairlearn's), or "ratio" (1 less smallest over
            largest).
        epsilon: the most that it may be.
        hypothesis: "threshold" (of ``score``), "linear", "network" or "table" (any classifier of the features).
        group_aware: whether predictions may read the group.
        randomized: whether mixtures of classifiers are allowed.
        score: (n,) what thresholds are for; a column, or "logistic-regression", which is fitted to the training split.
        scorer: the linear model that the scores are from, where they are.
        ridge: of the logistic loss of covariance: ridge/2 times the sum of squared coefficients of the features, each
            scaled to variance 1 on the training split; the intercept is free.
        margin: by which a deterministic linear classifier must clear 0, its coefficients being at most 1 in size, so
            that its integer program is exact; 0 for none.
        hidden: sizes of a network's hidden layers.
        min_group: how many training rows (weights count) a group must have.
    """

    kind: ClassVar[str] = "fair-classifier"
    summary: ClassVar[str] = "the most accurate classifier whose rates differ little between groups"
    answer_type: ClassVar[type[Answer]] = Classifier
    raw_fields: ClassVar[Mapping[str, str]] = RAW_FIELDS
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = RAW_SCHEMAS
    raw_wholes: ClassVar[tuple[str, ...]] = ("data",)
    reads_columns: ClassVar[bool] = True

    features: Rows
    label: Vector
    groups: Vector
    group_names: Names
    encoding: Encoding = Encoding()
    weights: Vector = Field(default_factory=_nothing)
    split: Vector = Field(default_factory=_nothing)
    split_names: Names = (TRAIN,)
    metric: Literal["demographic-parity", "equalized-odds", "equal-opportunity", "covariance"] = "demographic-parity"
    difference: Difference = "max-min"
    epsilon: Number = 0.05
    hypothesis: Hypothesis = "linear"
    group_aware: bool = False
    randomized: bool = True
    score: Vector = Field(default_factory=_nothing)
    scorer: Linear | None = None
    ridge: Number = 1e-6
    margin: Number = 0.0
    hidden: tuple[int, ...] = (16,)
    min_group: int = 30

    @model_validator(mode="after")
    def _fits(self) -> Self:
        from dualgap.problems.fair_classifier.checks import faults

        if found := faults(self):
            raise SpecError(found, type(self).__name__)
        return self

    # What it is about.
    @property
    def rates(self) -> Metric | None:
        """Which rates must be alike; None for covariance."""
        return None if self.metric == COVARIANCE else Metric(self.metric)

    @property
    def quantity(self) -> str:
        return "training loss" if self.rates is None else "training error"

    @property
    def scope(self) -> str:
        return f"training split, n = {self.people:,.10g}"

    @property
    def people(self) -> float:
        """The weight of the training split."""
        return float(self.mass[self.train].sum())

    @cached_property
    def counted(self) -> bool:
        """Whether weights are numbers of people: whole ones, whose sums are exact."""
        return bool((self.mass == np.rint(self.mass)).all() and self.mass.sum() < 2.0**53)

    @property
    def count(self) -> int:
        """The number of groups."""
        return len(self.group_names)

    @cached_property
    def train(self) -> np.ndarray:
        """(n,) bool: the rows of the training split."""
        return self.rows_of(0)

    def rows_of(self, split: int) -> np.ndarray:
        """(n,) bool: the rows of a split."""
        found: np.ndarray = self.split == split if len(self.split) else np.full(len(self.label), split == 0)
        return found

    @cached_property
    def mass(self) -> np.ndarray:
        """(n,) float64 weights of the rows."""
        return self.weights.astype(np.float64) if len(self.weights) else np.ones(len(self.label))

    @cached_property
    def design(self) -> np.ndarray:
        """(n, D) float64, what classifiers read: the features, and a 0-1 column for each group where they may."""
        x = self.features.astype(np.float64)
        return np.hstack([x, np.eye(self.count)[self.groups]]) if self.group_aware else x

    @cached_property
    def extents(self) -> np.ndarray:
        """(D,) the largest size of a number in each column of the design."""
        found: np.ndarray = np.maximum(self.design.max(axis=0, initial=0.0), -self.design.min(axis=0, initial=0.0))
        return found

    @property
    def design_names(self) -> tuple[str, ...]:
        names = self.feature_names
        return (*names, *(f"group={name}" for name in self.group_names)) if self.group_aware else names

    @property
    def feature_names(self) -> tuple[str, ...]:
        return self.encoding.features or tuple(f"x{j + 1}" for j in range(self.features.shape[1]))

    @cached_property
    def cells(self) -> Cells:
        """The distinct rows of the training split, as classifiers see them."""
        from dualgap.problems.fair_classifier.cells import cells

        rows = self.train
        return cells(self.design[rows], self.groups[rows], self.label[rows], self.mass[rows], self.count)

    @cached_property
    def cell_codes(self) -> np.ndarray:
        """(n,) each row's cell of the training split; the number of cells where it has none."""
        from dualgap.problems.fair_classifier.cells import matched

        return matched(self.design, self.design[self.train][self.cells.first])

    @cached_property
    def above(self) -> tuple[np.ndarray, ...]:
        """For each threshold chosen by itself (one for all, or one for each group), the masses above its values.

        Each is (t, 2 G), by ``dualgap.problems.fair_classifier.thresholds.cuts`` of the scores that it is for.
        """
        from dualgap.problems.fair_classifier.thresholds import masses_above

        parts = [self.train & (self.groups == g) for g in range(self.count)] if self.group_aware else [self.train]
        return tuple(
            masses_above(self.score[rows], self.groups[rows], self.label[rows], self.mass[rows], self.count)
            for rows in parts
        )

    def tally(self, positive: np.ndarray, split: int = 0) -> Tally:
        """What the rates on a split are made of, for (n,) probabilities of predicting 1."""
        rows = self.rows_of(split)
        return Tally.of(self.groups[rows], self.label[rows], self.mass[rows], positive[rows], self.count)

    @cached_property
    def fair_rows(self) -> FairRows:
        """The rows that hold the rates together; none for covariance."""
        from dualgap.problems.fair_classifier.rates import rows

        assert self.rates is not None
        mass = self.tally(np.zeros(len(self.label))).mass
        return rows(mass, self.rates, self.difference, float(self.epsilon), self.group_names)

    @cached_property
    def surrogate(self) -> Surrogate:
        """The convex program of covariance."""
        from dualgap.problems.fair_classifier.covariance import surrogate

        return surrogate(self)

    def classifier(self, members: Sequence[Member], weights: Any = (1.0,)) -> Classifier:
        """An answer that carries what its predictor needs."""
        encoding = self.encoding if self.encoding.columns else _numbered(self)
        return Classifier(members=tuple(members), weights=as_array(weights), encoding=encoding, scorer=self.scorer)

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        from dualgap.problems.fair_classifier.evaluate import evaluate

        return evaluate(self, answer)

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.fair_classifier.proofs import prove

        return prove(self, witness)

    def tighten(self, bound: float) -> float:
        from dualgap.problems.fair_classifier.proofs import tightened

        return tightened(self, bound)

    def trivial(self) -> Classifier | None:
        from dualgap.problems.fair_classifier.evaluate import trivial

        return trivial(self)

    def sensitivity(self, answer: Any, witness: Witness | None, optimal: bool) -> Mapping[str, Mapping[str, Real]]:
        from dualgap.problems.fair_classifier.metrics import intervals

        return intervals(self, answer)

    def headline(self, metrics: Mapping[str, Mapping[str, Real]]) -> str:
        from dualgap.problems.fair_classifier.metrics import headline

        return headline(self, metrics)

    def explain(
        self, answer: Any = None, witness: Witness | None = None, *, via: str | None = None, shown: int = SHOWN
    ) -> tuple[Block, ...]:
        from dualgap.problems.fair_classifier.argument import explain

        return explain(self, answer, witness, via, shown)

    # How people read and write it.
    def read_answer(self, data: Any) -> Any:
        from dualgap.problems.fair_classifier.reading import read

        return read(self, data)

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        from dualgap.problems.fair_classifier.render import table

        return table(self, answer)

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        from dualgap.problems.fair_classifier.render import tables

        return tables(self, metrics)

    @property
    def candidates(self) -> str:
        from dualgap.problems.fair_classifier.proofs import candidates

        return candidates(self)

    def mixture(self, first: Any, second: Any, share: float) -> Classifier | None:
        return first.mixed(second, share) if self.randomized and self.rates is not None else None

    def classes(self, answer: Any) -> Mapping[str, str]:
        from dualgap.problems.fair_classifier.likeness import classes

        return classes(self, answer)

    def measures(self, metrics: Mapping[str, Mapping[str, Real]]) -> Mapping[str, Real]:
        from dualgap.problems.fair_classifier.likeness import measures

        return measures(self, metrics)

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        from dualgap.problems.fair_classifier.render import figures

        return figures(self, answer)

    def predictor(self, answer: Classifier, random_state: int = 0) -> Predictor:
        """What predicts other tables as the answer does; tables are given their rows."""
        from dualgap.problems.fair_classifier.reading import complete

        return complete(self, answer).predictor(random_state)

    def exports(self) -> Mapping[str, Callable[[Any], bytes]]:
        """``predictor``: the file for ``dualgap.load_predictor`` and ``dualgap apply``; ``sklearn``: an estimator's
        module, which needs no dualgap.
        """
        from dualgap.problems.fair_classifier.predictor import as_estimator, written
        from dualgap.problems.fair_classifier.reading import complete

        return {
            "predictor": lambda answer: written(complete(self, answer)),
            "sklearn": lambda answer: as_estimator(complete(self, answer)),
        }

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.fair_classifier.views import views

        return views(self)

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        from dualgap.problems.fair_classifier.data import closed

        return closed(spec, resolver)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> FairClassifier:
        """A random instance; see ``dualgap.problems.fair_classifier.generate``."""
        from dualgap.problems.fair_classifier.generate import generate

        return cls(**generate(size, seed, **options))


def _numbered(problem: FairClassifier) -> Encoding:
    """The encoding of features that came as numbers."""
    columns = tuple(Column(name=name) for name in problem.feature_names)
    return Encoding(columns=columns, sensitive=("group",), groups=problem.group_names)

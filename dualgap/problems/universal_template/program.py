"""A template as a mixed-integer program: one network for every input, all linked by the same delta.

Columns are delta (with its entries' sizes in the l1 norm), the clipped entries ``clip(x + delta)``, one for each pair
of a coordinate and a value that inputs have there, each input's unstable neurons, and what the goal needs of each
input. A neuron ``z = relu(h)`` with ``l < 0 < u`` has a binary a and the rows ``h <= z <= h - l (1 - a)`` and
``z <= u a`` (Tjeng, Xiao and Tedrake, Evaluating robustness of neural networks with mixed integer programming, 2019).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.problems.networks.bounds import crown_bounds
from dualgap.problems.networks.bounds.dual import Span
from dualgap.problems.networks.bounds.layers import Layer
from dualgap.problems.networks.bounds.spans import crown_spans
from dualgap.problems.universal_template.proofs import margins_query

if TYPE_CHECKING:
    from dualgap.problems.universal_template.spec import Template, UniversalTemplate

_SLACK = 1e-3  # of the logits' reach: how far inside won inputs are sought, as far as that costs none


def views(problem: UniversalTemplate) -> tuple[View, ...]:
    """The program, where the norm is linear.

    Success is stated with a little more than the share of inputs won, so that they are won by more than a tolerance:
    a relaxation whose bound is rounded to whole inputs again.
    """
    if problem.norm == "2":
        return ()
    success = problem.goal == "success"

    def decode(point: np.ndarray) -> Template:
        from dualgap.problems.universal_template.spec import Template

        return Template(delta=point[: problem.network.inputs])

    relation = Relation.RELAXATION if success else Relation.EXACT
    lift = (lambda bound: -bound) if success else (lambda bound: bound)
    return (View("linked", MixedIntegerProgram, relation, lambda: build(problem), decode, lift_bound=lift),)


@dataclass
class _Draft:
    """Columns and rows as they come."""

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)

    def column(self, lower: float, upper: float, cost: float = 0.0, integer: bool = False) -> int:
        self.lower.append(lower)
        self.upper.append(upper)
        self.cost.append(cost)
        self.integer.append(integer)
        return len(self.cost) - 1

    def row(self, lower: float, upper: float, terms: Iterable[tuple[int, float]]) -> None:
        self.entries += [(len(self.row_lower), column, value) for column, value in terms if value]
        self.row_lower.append(lower)
        self.row_upper.append(upper)

    def form(self) -> MixedIntegerProgram:
        rows, columns, values = zip(*self.entries, strict=True) if self.entries else ((), (), ())
        shape = len(self.row_lower), len(self.cost)
        return MixedIntegerProgram(
            cost=np.array(self.cost),
            matrix=csr_array((np.array(values, dtype=float), (rows, columns)), shape=shape),
            row_lower=np.array(self.row_lower),
            row_upper=np.array(self.row_upper),
            lower=np.array(self.lower),
            upper=np.array(self.upper),
            integer=np.array(self.integer, dtype=bool),
        )


def build(problem: UniversalTemplate) -> MixedIntegerProgram:
    """The program; its first columns are delta."""
    query = margins_query(problem)
    spans = crown_spans(query.layers, query.region)
    reach = -crown_bounds(replace(query, rows=-query.rows)).reshape(len(problem.inputs), -1)
    draft = _Draft()
    _perturbation(draft, problem)
    slack = -1
    if problem.goal == "success":
        slack = draft.column(0.0, 1.0, cost=-0.5 / len(problem.inputs))
    clipped: dict[tuple[int, float], int] = {}
    rows = query.rows[: reach.shape[1]]
    for place, values in enumerate(problem.inputs.astype(np.float64).tolist()):
        for j, value in enumerate(values):
            if (j, value) not in clipped:
                clipped[j, value] = _clipped(draft, problem, j, value)
        entries = [clipped[j, value] for j, value in enumerate(values)]
        outputs = _network(draft, query.layers, [span.take([place]) for span in spans], entries)
        _goal(draft, problem, outputs, rows, reach[place], slack)
    return draft.form()


def _perturbation(draft: _Draft, problem: UniversalTemplate) -> None:
    radius = float(problem.radius)
    low, high = np.maximum(problem.box[0], -radius), np.minimum(problem.box[1], radius)
    delta = [draft.column(*ends) for ends in zip(low.tolist(), high.tolist(), strict=True)]
    if problem.norm == "1":
        sizes = [draft.column(0.0, radius) for _ in delta]
        for column, size in zip(delta, sizes, strict=True):
            draft.row(0.0, np.inf, [(size, 1.0), (column, -1.0)])
            draft.row(0.0, np.inf, [(size, 1.0), (column, 1.0)])
        draft.row(-np.inf, radius, [(size, 1.0) for size in sizes])


def _clipped(draft: _Draft, problem: UniversalTemplate, j: int, x: float) -> int:
    """A column for ``clip(x + delta_j)``; a binary for each end that it may reach."""
    least, most = x + draft.lower[j], x + draft.upper[j]
    low, high = problem.clip if problem.clip is not None else (least, most)
    below, above = max(low - least, 0.0), max(most - high, 0.0)
    column = draft.column(max(least, low), min(most, high))
    if not (below or above):
        draft.row(x, x, [(column, 1.0), (j, -1.0)])
        return column
    falls = draft.column(0.0, 1.0, integer=True) if below else -1
    rises = draft.column(0.0, 1.0, integer=True) if above else -1
    draft.row(-np.inf, x, [(column, 1.0), (j, -1.0), (falls, -below)])
    draft.row(x, np.inf, [(column, 1.0), (j, -1.0), (rises, above)])
    if below:
        draft.row(-np.inf, min(most, high), [(column, 1.0), (falls, min(most, high) - low)])
    if above:
        draft.row(max(least, low), np.inf, [(column, 1.0), (rises, max(least, low) - high)])
    return column


@dataclass(frozen=True, eq=False)
class _Affine:
    """``weights z + bias`` of columns z, by row."""

    weights: np.ndarray
    bias: np.ndarray
    columns: list[int]

    def terms(self, row: int) -> list[tuple[int, float]]:
        return list(zip(self.columns, self.weights[row].tolist(), strict=True))


def _network(draft: _Draft, layers: Sequence[Layer], spans: Sequence[Span], entries: list[int]) -> _Affine:
    """The outputs over the columns of the input's entries and of the unstable neurons."""
    now = _Affine(np.eye(len(entries)), np.zeros(len(entries)), entries)
    for layer, span in zip(layers[:-1], spans, strict=True):
        before = _Affine(layer.matrix @ now.weights, layer.matrix @ now.bias + layer.bias, now.columns)
        unstable = np.flatnonzero(span.unstable[0])
        neurons = [
            _neuron(draft, before, int(j), float(span.lower[0, j]), float(span.upper[0, j])) for j in unstable.tolist()
        ]
        passing = (span.lower[0] >= 0)[:, None]
        chosen = np.zeros((len(before.bias), len(neurons)))
        chosen[unstable, np.arange(len(neurons))] = 1.0
        weights = np.hstack([np.where(passing, before.weights, 0.0), chosen])
        now = _Affine(weights, np.where(passing[:, 0], before.bias, 0.0), [*now.columns, *neurons])
    last = layers[-1]
    return _Affine(last.matrix @ now.weights, last.matrix @ now.bias + last.bias, now.columns)


def _neuron(draft: _Draft, before: _Affine, row: int, lower: float, upper: float) -> int:
    output = draft.column(0.0, upper)
    active = draft.column(0.0, 1.0, integer=True)
    terms, bias = [(column, -value) for column, value in before.terms(row)], float(before.bias[row])
    draft.row(bias, np.inf, [(output, 1.0), *terms])
    draft.row(-np.inf, bias - lower, [(output, 1.0), (active, -lower), *terms])
    draft.row(-np.inf, 0.0, [(output, 1.0), (active, -upper)])
    return output


def _goal(
    draft: _Draft, problem: UniversalTemplate, outputs: _Affine, rows: np.ndarray, reach: np.ndarray, slack: int
) -> None:
    """The input's margin from 0 on, or whether it is won; ``reach`` (k - 1,) are upper bounds of its margins."""
    share = 1.0 / len(problem.inputs)
    success = problem.goal == "success"
    own = draft.column(0.0, 1.0, -share, integer=True) if success else draft.column(0.0, max(reach.max(), 0.0), share)
    deep = _SLACK * max(float(np.abs(reach).max()), 1e-9)
    margins = _Affine(rows @ outputs.weights, rows @ outputs.bias, outputs.columns)
    for row, most in enumerate(reach.tolist()):
        terms, constant = margins.terms(row), float(margins.bias[row])
        if success:
            room = max(most, 0.0) + deep
            draft.row(-np.inf, room - constant, [*terms, (own, room), (slack, deep)])
        else:
            draft.row(-np.inf, -constant, [*terms, (own, -1.0)])

"""Classifiers and their metrics for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import Real
from dualgap.core.figures import Bars, Figure
from dualgap.problems.fair_classifier.answers import Linear, Member, Network, Predictions, Table, Thresholds
from dualgap.problems.fair_classifier.bootstrap import HIGH, LOW, percentile
from dualgap.problems.fair_classifier.evaluate import misfits, predicted
from dualgap.problems.fair_classifier.metrics import ACCURACY, BASE, COVARIANCES, PEOPLE, WORST, key, worst_group
from dualgap.problems.fair_classifier.rates import Rate

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

_SHOWN = 16  # coefficients of all members together
_CELLS = 8  # whose names are long
_LEAST = 5  # of each member
_DIGITS = 4

Row = tuple[str, ...]


def table(problem: FairClassifier, answer: Any) -> list[Row]:
    """The members, the heaviest first, and what each is made of."""
    if misfits(problem, answer):
        return [("member", "value"), *((_NAMES[member.type], "doesn't fit the spec") for member in answer.members)]
    weights = answer.weights.astype(np.float64)
    order = [m for m in np.argsort(-weights, kind="stable").tolist() if weights[m] > 0]
    shown = max(_LEAST, _SHOWN // max(len(order), 1))
    rows: list[Row] = [("member", "value")]
    for m in order:
        member = answer.members[m]
        weight = "" if len(order) == 1 else f", weight {weights[m]:.4g}"
        head, *parts = _parts(problem, member, shown)
        rows.append((f"{_NAMES[member.type]}{weight}", head[1]))
        rows += [(f"  {name}", value) for name, value in parts]
    return rows


_NAMES = {
    "linear": "linear",
    "thresholds": "thresholds",
    "network": "network",
    "table": "table",
    "predictions": "predictions of a tool",
}


def _parts(problem: FairClassifier, member: Member, shown: int) -> list[tuple[str, str]]:
    """What stands beside a member's name, and the rows below it."""
    match member:
        case Linear():
            return [("", "predicts 1 above 0"), *_coefficients(problem, member, shown)]
        case Thresholds():
            names = problem.group_names if len(member.values) > 1 else ("everybody",)
            return [("", "of the score"), *zip(names, map(_threshold, member.values.tolist()))]
        case Network():
            sizes = [len(weight) for weight in member.weights] + [1]
            return [("", f"{'-'.join(map(str, sizes))} neurons, ReLU")]
        case Table():
            return [("", _share(problem, member)), *_cells(problem, member, min(shown, _CELLS))]
        case Predictions():
            return [("", _rows(member))]


def _rows(member: Predictions) -> str:
    values = member.probabilities
    share = float(((values > 0) & (values < 1)).mean())
    by_lot = f", {share:.1%} by lot (for scores, give 0 and 1)" if share else ""
    return f"{len(values):,} rows{by_lot}"


def _coefficients(problem: FairClassifier, member: Linear, shown: int) -> Iterator[tuple[str, str]]:
    values = member.coefficients.astype(np.float64)
    yield "intercept", f"{float(member.intercept):.{_DIGITS}g}"
    order = [j for j in np.argsort(-np.abs(values), kind="stable").tolist() if values[j]]
    names = problem.design_names
    for j in order[:shown]:
        yield names[j], f"{values[j]:.{_DIGITS}g}"
    if left := len(order) - shown:
        yield from _more(left, "coefficient")


def _threshold(value: float) -> str:
    if np.isinf(value):
        return "always 1" if value < 0 else "always 0"
    return f"1 above {value:.{_DIGITS}g}"


def _share(problem: FairClassifier, member: Table) -> str:
    mass = problem.cells.masses.sum(axis=1)
    share = float(mass @ member.probabilities.astype(np.float64) / mass.sum())
    return f"{len(mass):,} cells, {share:.1%} positive"


def _cells(problem: FairClassifier, member: Table, shown: int) -> Iterator[tuple[str, str]]:
    """The largest cells."""
    found = problem.cells
    for c in np.argsort(-found.masses.sum(axis=1), kind="stable")[:shown].tolist():
        yield cell_name(problem, c), f"{float(member.probabilities[c]):.{_DIGITS}g}"
    yield from _more(len(found) - shown, "cell")


def cell_name(problem: FairClassifier, cell: int) -> str:
    """What the rows of a cell have in common: features that are 1 by name, other numbers with their value."""
    row = problem.design[problem.train][problem.cells.first[cell]]
    parts = [
        name if value == 1 and "=" in name else f"{name} = {value:g}"
        for name, value in zip(problem.design_names, row.tolist())
        if value or "=" not in name
    ]
    return ", ".join(parts) or f"cell {cell + 1}"


def _more(left: int, what: str) -> Iterator[tuple[str, str]]:
    if left > 0:
        yield f"and {left:,} more {what}{'s' if left > 1 else ''}", ""


def tables(problem: FairClassifier, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[Row]]:
    """The splits' metrics with their intervals, and for each split the groups'."""
    splits = [name for name in problem.split_names if name in metrics]
    if not splits:
        return []
    names = list(metrics[splits[0]])
    rows: list[Row] = [("metric", *splits)]
    for name in names:
        rows.append((name, *(_interval(metrics, split, name) for split in splits)))
        if name == WORST:
            rows.append(("worst group", *(worst_group(problem, metrics, split) for split in splits)))
    covariances: list[Row] = [(name, f"{float(value):.4g}") for name, value in metrics.get(COVARIANCES, {}).items()]
    found = [[("training split", "value"), *covariances]] if covariances else []
    return [rows, *found, *(_groups(problem, metrics, split) for split in splits)]


def _interval(metrics: Mapping[str, Mapping[str, Real]], split: str, name: str) -> str:
    value = metrics[split].get(name)
    low, high = (metrics.get(percentile(split, end), {}).get(name) for end in (LOW, HIGH))
    if value is None or low is None or high is None:
        return _cell(value)
    return f"{_cell(value)} [{_cell(low)}, {_cell(high)}]"


def _groups(problem: FairClassifier, metrics: Mapping[str, Mapping[str, Real]], split: str) -> list[Row]:
    columns = {
        PEOPLE: PEOPLE,
        BASE: BASE,
        Rate.SELECTION: "selected",
        Rate.TRUE_POSITIVE: "TPR",
        Rate.FALSE_POSITIVE: "FPR",
        ACCURACY: ACCURACY,
    }
    rows: list[Row] = [(f"{split}: group", *columns.values())]
    for name in problem.group_names:
        found = metrics.get(key(split, name), {})
        rows.append((name, *(_people(found.get(c)) if c == PEOPLE else _cell(found.get(c)) for c in columns)))
    return rows


def _people(value: Real | None) -> str:
    return "0" if value is None else f"{float(value):,.10g}"


def _cell(value: Real | None) -> str:
    return "-" if value is None else f"{float(value):.4f}"


def figures(problem: FairClassifier, answer: Any) -> tuple[Figure, ...]:
    """The rates that are to be alike, by group and split."""
    if misfits(problem, answer):
        return ()
    positive = predicted(problem, answer)
    rates = problem.rates.rates if problem.rates is not None else (Rate.SELECTION,)
    return tuple(_bars(problem, positive, rate) for rate in rates)


def _bars(problem: FairClassifier, positive: np.ndarray, rate: Rate) -> Bars:
    names, values = [], []
    for number, split in enumerate(problem.split_names):
        found = problem.tally(positive, number).rates(rate)
        for name, value in zip(problem.group_names, found.tolist()):
            if not np.isnan(value):
                names.append(f"{name}, {split}")
                values.append(value)
    share = {Rate.SELECTION: "all", Rate.TRUE_POSITIVE: "those whose label is 1", Rate.FALSE_POSITIVE: "those with 0"}
    caption = f"The share of {share[rate]} who are predicted 1. The training split's rates alone are constrained."
    return Bars(caption, rate.value, tuple(names), np.array(values))

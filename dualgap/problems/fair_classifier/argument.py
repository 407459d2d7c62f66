"""Fair classifiers explained: the program, its Lagrangian, an answer by group, and why none is better, to be redone."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import Real, fraction
from dualgap.core.explain.blocks import Block, Heading, Line, Lines, Maths, Paragraph, Part, Variable, Words, more
from dualgap.core.explain.default import bound_of, in_words, stated, title
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.fair_classifier.evaluate import predicted
from dualgap.problems.fair_classifier.lagrangian import Costs, costs
from dualgap.problems.fair_classifier.metrics import COVARIANCES
from dualgap.problems.fair_classifier.render import cell_name

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

_DIGITS = 6
_LABELS = (0, 1)
_WHO = {
    ("threshold", True): "A classifier is a mixture of thresholds of the score",
    ("threshold", False): "A classifier is a threshold of the score",
    ("linear", True): "A classifier is a mixture of linear ones",
    ("linear", False): "A classifier is a linear one",
    ("network", True): "A classifier is a mixture of networks",
    ("network", False): "A classifier is a network",
    ("table", True): "A classifier predicts 1 with a probability for each cell",
    ("table", False): "A classifier predicts 0 or 1 for each cell",
}
_PROGRAM = (
    "Rows that agree in everything that may be read form a cell. {who}. M is the weight of the training rows "
    "of a group and a label, P how much of it is predicted 1. Minimise the error, the P of label 0 and the M − P of "
    "label 1 over the weight {people} of all, where"
)
_DUAL = (
    "A multiplier y on each of these rows makes the error and the penalties together a sum over people: predicting 1 "
    "costs c for each unit of weight of a group and label. So no classifier of the cells pays less than the constant "
    "and, of each cell, its costs where they are below 0 (weak duality). {larger}"
)
_CELLS = "That holds for every classifier of the cells, of a smaller class or not."
_THRESHOLDS = "Of thresholds, the least sum over those above one counts instead."
_COSTS = (
    "Predicting 1 costs a unit of weight 1/{people} if its label is 0 and −1/{people} if it is 1, less each multiplier "
    "times what the unit adds to its row:"
)
_COVARIANCE = (
    "Minimise the mean logistic loss of the training rows{ridge} over linear scores of features that are scaled "
    "to variance 1. The covariance of the scores with the membership of each group (of two, of the second) is at most "
    "{epsilon} in size."
)


def explain(
    problem: FairClassifier, answer: Any, witness: Witness | None, via: str | None, shown: int
) -> tuple[Block, ...]:
    """The model, its dual, what an answer is worth by group and why none is better."""
    if via is not None:
        return stated(problem, via, shown)
    return (*_program(problem, shown), *_worth(problem, answer, shown), *_proved(problem, witness, shown))


def _program(problem: FairClassifier, shown: int) -> tuple[Block, ...]:
    epsilon = f"{float(problem.epsilon):g}"
    if problem.rates is None:
        ridge = f" and the ridge {float(problem.ridge):g}/2 |θ|² of scaled features" if problem.ridge else ""
        return Heading("The model"), Paragraph(_COVARIANCE.format(ridge=ridge, epsilon=epsilon))
    text = _PROGRAM.format(who=_WHO[problem.hypothesis, problem.randomized], people=f"{problem.people:,.10g}")
    rows = problem.fair_rows
    lines = [_row(problem, r) for r in range(len(rows.names))]
    larger = _THRESHOLDS if problem.hypothesis == "threshold" else _CELLS
    return (
        Heading("The model"),
        Paragraph(text),
        Lines(tuple(lines[:shown]), more(len(lines) - shown, "row")),
        Heading("Its dual"),
        Paragraph(_DUAL.format(larger=larger)),
    )


def _row(problem: FairClassifier, r: int) -> Line:
    """A row of the rates in words: ``0 ≤ selection rate of a − the smallest ≤ .05``."""
    assert problem.rates is not None
    rows = problem.fair_rows
    name = rows.names[r].removesuffix(", at most the largest").removesuffix(", at least its share of the largest")
    rate = next(rate for rate in problem.rates.rates if name.startswith(rate.value))
    left: Maths = (Variable(name),)
    high = float(rows.upper[r])
    if problem.difference == "to-overall":
        return Line(("−", fraction(high), "≤", *left, "−", Variable(f"{rate} of all")), "≤", (fraction(high),))
    if problem.difference == "max-min":
        return Line((0, "≤", *left, "−", Variable(f"smallest {rate}")), "≤", (fraction(high),))
    largest = Variable(f"largest {rate}")
    if np.isfinite(high):
        return Line(left, "≤", (largest,))
    return Line(left, "≥", (1 - fraction(problem.epsilon), largest))


def _worth(problem: FairClassifier, answer: Any, shown: int) -> tuple[Block, ...]:
    if answer is None:
        return ()
    worth = problem.evaluate(answer)
    if not np.isfinite(float(worth.objective)):
        return ()
    if problem.rates is None:
        found = {problem.quantity: worth.objective, **worth.metrics[COVARIANCES]}
        return Heading("The answer"), Lines(tuple(Line((Words(n),), "=", (_short(v),)) for n, v in found.items()))
    tally = problem.tally(predicted(problem, answer))
    lines = []
    for rate in problem.rates.rates:
        columns = list(rate.labels)
        for g, name in enumerate(problem.group_names):
            part, whole = float(tally.positive[g, columns].sum()), float(tally.mass[g, columns].sum())
            if whole:
                ratio: tuple[Part, ...] = (_short(part), "/", fraction(whole), "=", _short(part / whole))
                lines.append(Line((Variable(f"{rate} of {name}"),), "=", ratio))
    wrong = float((tally.positive[:, 0] + tally.mass[:, 1] - tally.positive[:, 1]).sum())
    error: tuple[Part, ...] = (_short(wrong), "/", fraction(problem.people), "=", _short(tally.error))
    gap = tally.gap(problem.rates, problem.difference)
    return (
        Heading("The answer"),
        Lines(tuple(lines[:shown]), more(len(lines) - shown, "rate")),
        Lines(
            (
                Line((Words("error"),), "=", error),
                Line((Words(f"{problem.metric}, {problem.difference}"),), "=", (_short(gap),)),
            )
        ),
    )


def _proved(problem: FairClassifier, witness: Witness | None, shown: int) -> tuple[Block, ...]:
    bound = bound_of(problem, witness)
    if bound is None:
        return ()
    if not isinstance(witness, Multipliers) or problem.rates is None:
        return Heading(title(problem, bound)), Paragraph(in_words(problem, bound))
    y = witness.rows.astype(np.float64)
    mass = problem.tally(np.zeros(len(problem.label))).mass
    found = costs(problem.fair_rows, mass, y)
    assert found is not None, "the verifier has a bound"
    return (
        Heading(title(problem, bound)),
        Paragraph("The multipliers that aren't 0:"),
        _multipliers(problem, y, shown),
        Paragraph(_COSTS.format(people=f"{problem.people:,.10g}")),
        _costs(problem, found, shown),
        *_sum(problem, found, shown),
        Paragraph(
            f"For rounding, {found.margin:.2g} is taken off.{_whole(problem)} The bound is for {bound.argument}."
        ),
    )


def _whole(problem: FairClassifier) -> str:
    if problem.randomized or not problem.counted:
        return ""
    return f" A classifier without chance errs on whole people: the next 1/{problem.people:,.10g} above is the bound."


def _multipliers(problem: FairClassifier, y: np.ndarray, shown: int) -> Lines:
    rows = problem.fair_rows
    order = [r for r in np.argsort(-np.abs(y), kind="stable").tolist() if y[r]]
    sides = [float(rows.lower[r] if y[r] > 0 else rows.upper[r]) for r in order]
    lines = [
        Line((Variable(rows.names[r], "y"),), "=", (_short(y[r]),), note=f"its side {side:g}")
        for r, side in zip(order[:shown], sides)
    ]
    return Lines(tuple(lines), more(len(order) - shown, "multiplier"))


def _costs(problem: FairClassifier, found: Costs, shown: int) -> Lines:
    lines = [
        Line((Variable(f"{name}, {problem.encoding.labels[label]}", "c"),), "=", (_short(found.cost[g, label]),))
        for g, name in enumerate(problem.group_names)
        for label in _LABELS
    ]
    return Lines(tuple(lines[:shown]), more(len(lines) - shown, "cost"))


def _sum(problem: FairClassifier, found: Costs, shown: int) -> tuple[Block, ...]:
    """The constant and the terms below 0, the largest first."""
    cost = found.cost.ravel()
    if problem.hypothesis == "threshold":
        places = [int((above @ cost).argmin()) for above in problem.above]
        sets = problem.group_names if len(places) > 1 else ("everybody",)
        masses = np.array([above[place] for above, place in zip(problem.above, places)])
        names = [f"{name}: all but the {place:,} lowest scores" for name, place in zip(sets, places)]
        what, said = "threshold", "The best thresholds at these costs, the weights above them times the costs:"
    else:
        masses = problem.cells.masses
        names = []
        what, said = "cell", "Cells that it pays to predict 1, their weights by group and label times the costs:"
    terms = masses @ cost
    order = [k for k in np.argsort(terms, kind="stable").tolist() if terms[k] < 0]
    lines = [
        Line(_product(masses[k], cost), "=", (_short(terms[k]),), note=names[k] if names else cell_name(problem, k))
        for k in order[:shown]
    ]
    rest = float(sum(terms[k] for k in order[shown:]))
    left = more(len(order) - shown, what)
    constant = float(found.constant)
    total: tuple[Part, ...] = (_short(constant + float(terms[order].sum())),)
    sums = [Line((Words("constant"),), "=", (_short(constant),)), Line((Words("together"),), "=", total)]
    return (
        Paragraph(said),
        Lines(tuple(lines), f"{left}, together {rest:.{_DIGITS}g}" if left else ""),
        Lines(tuple(sums)),
    )


def _product(masses: np.ndarray, cost: np.ndarray) -> Maths:
    """``12 · 0.003 + 4 · (−0.002)``"""
    parts: list[Part] = []
    for place in np.flatnonzero(masses).tolist():
        value = _short(cost[place])
        sign = "−" if value < 0 else "+"
        parts += [sign] if parts or value < 0 else []
        parts += [fraction(float(masses[place])), "·", abs(value)]
    return tuple(parts) or (0,)


def _short(value: Real) -> Fraction:
    """A number for people, rounded."""
    return fraction(float(f"{float(value):.{_DIGITS}g}"))

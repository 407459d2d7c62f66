"""Explanations that can be redone."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.errors import UsageError
from dualgap.core.explain.blocks import Line, Lines, Paragraph
from dualgap.core.explain.latex import as_latex
from dualgap.core.explain.text import as_text
from dualgap.problems.fair_classifier import Linear, Predictions
from tests.problems.fair_classifier.people import people

METRICS = ["demographic-parity", "equalized-odds", "equal-opportunity"]


def told(problem: Any, shown: int = 1000) -> tuple[Any, ...]:
    """(run, blocks) of a solved problem."""
    run = dualgap.solve(problem, "highs", isolate=False)
    return run, problem.explain(run.answer, run.witness, shown=shown)


def lines(blocks: Any) -> list[Line]:
    return [row for block in blocks if isinstance(block, Lines) for row in block.rows]


def said(row: Line) -> float:
    """The number at a line's end."""
    (value,) = row.right[-1:]
    assert isinstance(value, Fraction)
    return float(value)


def worked_out(parts: Any) -> float:
    """``12 · 0.003 − 4 · 0.002``"""
    total, factors = Fraction(0), []
    for part in (*parts, "+"):
        if part in ("+", "−"):
            total += prod(factors) if len(factors) > 1 else 0
            factors = [1 if part == "+" else -1]
        elif part != "·":
            factors.append(part)
    return float(total)


@pytest.mark.parametrize("difference", ["max-min", "to-overall", "ratio"])
@pytest.mark.parametrize("metric", METRICS)
def test_the_bound_can_be_added_up(metric: str, difference: str) -> None:
    problem = people(0, 60, 3, metric=metric, difference=difference, epsilon=0.05)
    run, blocks = told(problem)
    rows = lines(blocks)
    terms = [row for row in rows if "·" in row.left]
    assert terms
    for row in terms:
        assert worked_out(row.left) == pytest.approx(said(row), abs=2e-5)
    by_words = {row.left[0].text: said(row) for row in rows if hasattr(row.left[0], "text")}
    total = by_words["constant"] + sum(said(row) for row in terms)
    assert by_words["together"] == pytest.approx(total, abs=1e-5)
    assert by_words["together"] == pytest.approx(float(run.certificate.bound), abs=1e-5)
    assert by_words["error"] == pytest.approx(float(run.certificate.value), abs=1e-5)
    assert by_words[f"{metric}, {difference}"] <= 0.05 + 1e-5


@pytest.mark.parametrize("aware", [False, True])
def test_the_bound_of_thresholds_too(aware: bool) -> None:
    score = np.random.default_rng(1).integers(0, 30, 60)
    problem = people(1, 60, 2, score=score, hypothesis="threshold", group_aware=aware, epsilon=0.05)
    run, blocks = told(problem)
    by_words = {row.left[0].text: said(row) for row in lines(blocks) if hasattr(row.left[0], "text")}
    terms = [said(row) for row in lines(blocks) if "·" in row.left]
    assert by_words["constant"] + sum(terms) == pytest.approx(float(run.certificate.bound), abs=1e-5)
    assert len(terms) <= (2 if aware else 1)


def test_the_costs_follow_from_the_multipliers() -> None:
    problem = people(2, 60, 2, epsilon=0.05)
    _, blocks = told(problem)
    rows = {row.left[0].name: said(row) for row in lines(blocks) if getattr(row.left[0], "letter", "") in ("y", "c")}
    sizes = np.bincount(problem.groups)
    for g, group in enumerate("ab"):
        y = rows.get(f"selection rate of {group}", 0.0)
        for label, start in enumerate((1 / 60, -1 / 60)):
            assert rows[f"{group}, {label}"] == pytest.approx(start - y / sizes[g], abs=1e-6)


@pytest.mark.parametrize("difference", ["max-min", "to-overall", "ratio"])
def test_what_is_left_out_is_counted(difference: str) -> None:
    problem = people(3, 200, 3, features=6, metric="equalized-odds", difference=difference)
    _, blocks = told(problem, shown=2)
    assert all(len(block.rows) <= 2 for block in blocks if isinstance(block, Lines))
    text = as_text(blocks, 80)
    assert "more cells, together" in text
    assert "more row" in text
    assert max(map(len, text.splitlines())) <= 80
    assert as_latex(blocks)


def test_what_stands_for_nothing_is_not_said() -> None:
    problem = people(4, 60, 2)
    alone = problem.explain()
    assert not any("proved" in block.text for block in alone if isinstance(block, Paragraph))
    short = problem.classifier([Predictions(probabilities=[1])])
    assert problem.explain(short) == alone
    assert problem.explain(None, dualgap.Multipliers(rows=np.ones(99))) == alone


def test_whole_people_are_said() -> None:
    problem = people(2, 60, 2, epsilon=0.05, randomized=False)
    _, blocks = told(problem)
    assert "errs on whole people: the next 1/60 above is the bound" in as_text(blocks, 500)


def test_views_by_name() -> None:
    problem = people(5, 60, 2, score=np.arange(60), hypothesis="threshold")
    for view in problem.views():
        assert "The" in as_text(problem.explain(via=view.name), 80)
    with pytest.raises(UsageError):
        problem.explain(via="nothing")


def test_covariance_has_its_own_program() -> None:
    problem = people(6, 60, 2, metric="covariance", hypothesis="linear", epsilon=0.25, ridge=0.5)
    model = problem.classifier([Linear(coefficients=[1, 2, 3])])
    text = as_text(problem.explain(model, dualgap.Multipliers(rows=[0.125])), 200)
    assert f"{problem.evaluate(model).objective:.6g}" in text
    assert "prices 0.125 on covariance with b" in text
    assert "covariance" in text
    assert "0.25" in text
    assert "ridge 0.5/2" in text

"""A run explained: what is said beside the problem's own argument."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import dualgap
from dualgap.core.explain.text import as_text
from dualgap.core.witness import Multipliers
from dualgap.engine.run import Run
from dualgap.problems.integer_program.spec import IntegerProgram
from dualgap.study.explanation import explanation
from dualgap.study.grade import grade


def needing(times: int) -> IntegerProgram:
    """min x with ``times x >= 3``: the row's price is 1 / times."""
    return IntegerProgram(cost=[1], matrix=[[times]], row_lower=[3], row_upper=[np.inf], columns=["x"], rows=["need"])


def told(problem: IntegerProgram, price: float) -> str:
    """The explanation of a run whose witness is the price."""
    bare = grade(problem, {"values": {"x": 1}})
    run = grade(problem, replace(bare, witness=Multipliers(rows=[price])))
    return as_text(explanation(problem, run))


def test_cut_numbers_are_owned_up_to() -> None:
    assert "3 · 1/7 = 3/7" in told(needing(7), 1 / 7)
    assert "are cut short" not in told(needing(7), 1 / 7)
    text = told(needing(1234567), 1 / 1234567)
    assert "…" in text.partition("add:")[2], "in the last sum"
    assert "are cut short" in text


def test_a_bare_answer_has_no_proof_to_redo() -> None:
    problem = needing(7)
    text = as_text(explanation(problem, grade(problem, {"values": {"x": 1}})))
    assert "holds no witness, so there is no proof to redo" in text
    assert "Why nothing" not in text


def test_a_claimed_bound_is_the_word_of_its_solver() -> None:
    problem = dualgap.Knapsack(values=[60, 100, 120], weights=[10, 20, 30], capacity=50)
    run: Run = dualgap.solve(problem, "highs", isolate=False)
    assert "The bound 220 is the word of highs" in as_text(explanation(problem, run))
    assert "So nobody exceeds 240." in as_text(explanation(problem, run))

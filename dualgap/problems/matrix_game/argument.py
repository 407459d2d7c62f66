"""A matrix game explained: its linear program, what each strategy yields against every pure one, and why that is it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import exact, fraction
from dualgap.core.explain.argument import products
from dualgap.core.explain.blocks import Block, Heading, Line, Lines, Paragraph, more, number
from dualgap.core.explain.default import bound_of, stated, title
from dualgap.core.explain.program import TERMS
from dualgap.core.witness import Strategies, Witness

if TYPE_CHECKING:
    from dualgap.problems.matrix_game.spec import MatrixGame

_DIGITS = 6


def explain(
    problem: MatrixGame, answer: Any, witness: Witness | None, via: str | None, shown: int
) -> tuple[Block, ...]:
    """The program and its dual, what the rows' strategy guarantees, and what the columns' strategy concedes."""
    return (*stated(problem, via, shown), *_guaranteed(problem, answer, shown), *_proved(problem, witness, shown))


def _guaranteed(problem: MatrixGame, answer: Any, shown: int) -> tuple[Block, ...]:
    if answer is None or problem.evaluate(answer).violations:
        return ()
    maximise = problem.maximizer == "rows"
    said = (
        f"What the row player's strategy {'gets' if maximise else 'gives'} against each column, "
        f"the {'least' if maximise else 'most'} first{_rounding(answer.rows)}:"
    )
    lines = _yields(problem.payoff.T, answer.rows, problem.column_names, maximise, shown, "column")
    return (Heading("The answer"), Paragraph(said), lines)


def _proved(problem: MatrixGame, witness: Witness | None, shown: int) -> tuple[Block, ...]:
    bound = bound_of(problem, witness)
    if bound is None or not isinstance(witness, Strategies):
        return ()
    maximise = problem.maximizer == "rows"
    verb, limit, far = ("gets", "more", "most") if maximise else ("gives", "less", "least")
    said = f"What each row {verb} against the column player's strategy, the {far} first{_rounding(witness.y)}:"
    end = (
        f"A mixture of rows {verb} a mean of these, so none {verb} {limit} than the {far}: "
        f"{number(fraction(bound.value))}, {bound.evidence}."
    )
    lines = _yields(problem.payoff, witness.y, problem.row_names, not maximise, shown, "row")
    return (Heading(title(problem, bound)), Paragraph(said), lines, Paragraph(end))


def _yields(
    payoff: np.ndarray, weights: np.ndarray, names: Sequence[str], ascending: bool, shown: int, what: str
) -> Lines:
    """What the pure strategies of ``payoff`` (m, n) yield against the other player's weights (n,)."""
    shares = _shares(weights)
    played = [k for k in np.flatnonzero(weights > 0).tolist() if shares[k]]
    paid = payoff[:, played].astype(np.float64) @ np.array([float(shares[k]) for k in played])
    order = np.argsort(paid if ascending else -paid, kind="stable")[:shown].tolist()
    lines = []
    for i in order:
        part = exact(payoff[i, played])
        terms = [(part.item(k), shares[j]) for k, j in enumerate(played) if part.item(k)]
        total = sum((a * share for a, share in terms), Fraction(0))
        lines.append(Line(products(terms, TERMS), "=", (total,), label=names[i]))
    return Lines(tuple(lines), more(len(names) - len(lines), what))


def _rounding(weights: np.ndarray) -> str:
    return "" if weights.dtype == np.int64 else f" (in shares of {_DIGITS} digits; the verifier takes them as they are)"


def _shares(weights: np.ndarray) -> list[Fraction]:
    """Weights over their sum: exact ones of whole numbers, others rounded for people."""
    if weights.dtype == np.int64:
        total = sum(weights.tolist())
        return [Fraction(weight, total) for weight in weights.tolist()]
    scaled = np.maximum(weights, 0.0) / np.maximum(weights, 0.0).sum()
    return [Fraction(f"{share:.{_DIGITS}g}") for share in scaled.tolist()]

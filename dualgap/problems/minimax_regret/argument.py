"""Minimax regret explained: the program, its dual over the groups' weights, the model's scores and the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.certificate import Evidence
from dualgap.core.exact import fraction
from dualgap.core.explain.blocks import Block, Heading, Line, Lines, Paragraph, Part, Variable, Words, more
from dualgap.core.explain.default import bound_of, stated, title
from dualgap.core.witness import Witness
from dualgap.problems.minimax_regret.proofs import GroupWeights

if TYPE_CHECKING:
    from dualgap.problems.minimax_regret.spec import MinimaxRegret

_DIGITS = 6
_SCORES = {
    "regret": "its risk less its own least risk",
    "risk": "its risk",
    "ratio": "its risk over its own least risk",
}
_KNOWN = {
    Evidence.PROVED: "an error bound on every sum and product, so the bound is proved",
    Evidence.NUMERICAL: "an estimate of the error of logarithms or of a singular system, so the bound is numerical",
}
_DUAL = (
    "For weights of the groups that are at least 0 and sum to 1, the least weighted mean of the scores is a lower "
    "bound: no model has a smaller worst score. The best weights attain it (von Neumann's minimax theorem), and are "
    "those of an adversary who reweighs the groups against the model."
)


def explain(
    problem: MinimaxRegret, answer: Any, witness: Witness | None, via: str | None, shown: int
) -> tuple[Block, ...]:
    """The model, its dual, what an answer is worth and why none is better."""
    if via is not None:
        return stated(problem, via, shown)
    return (*_program(problem, shown), *_worth(problem, answer, shown), *_proved(problem, witness, shown))


def _program(problem: MinimaxRegret, shown: int) -> tuple[Block, ...]:
    names = problem.group_names
    rows = tuple(Line((Variable(name, "score"),), "≤", (Variable("e"),)) for name in names[:shown])
    risk = {"squared": "mean squared error", "logistic": "mean logistic loss"}[problem.loss]
    kind = (
        "a given quadratic" if problem.given else f"the {risk} of its samples, and the ridge {problem.ridge:g}/2 |θ|²"
    )
    return (
        Heading("The model"),
        Paragraph(
            f"A group's risk is {kind}; its score is {_SCORES[problem.goal]}. Minimise e over the model θ and e:"
        ),
        Lines(rows, more(len(names) - shown, "group")),
        Heading("Its dual"),
        Paragraph(_DUAL),
    )


def _worth(problem: MinimaxRegret, answer: Any, shown: int) -> tuple[Block, ...]:
    if answer is None or problem.evaluate(answer).violations:
        return ()
    theta = answer.coefficients.astype(np.float64)
    scores = problem.scores.values(theta)
    order = np.argsort(-scores, kind="stable")
    lines = tuple(_scored(problem, s, float(scores[s])) for s in order[:shown].tolist())
    return (
        Heading("The answer"),
        Paragraph("Scores, the worst first:"),
        Lines(lines, more(len(order) - shown, "group")),
    )


def _scored(problem: MinimaxRegret, s: int, score: float) -> Line:
    return Line((Variable(problem.group_names[s], "score"),), "=", (_short(score),))


def _proved(problem: MinimaxRegret, witness: Witness | None, shown: int) -> tuple[Block, ...]:
    bound = bound_of(problem, witness)
    if bound is None or not isinstance(witness, GroupWeights):
        return ()
    weights = witness.weights.astype(np.float64)
    weights = weights / weights.sum()
    scores = problem.scores.values(problem.scores.dual(weights).theta)
    order = [s for s in np.argsort(-weights, kind="stable").tolist() if weights[s] > 0]
    terms = [Line((_short(weights[s]), "·", _short(scores[s])), note=problem.group_names[s]) for s in order[:shown]]
    total: tuple[Part, ...] = (_short(float(weights @ scores)),)
    return (
        Heading(title(problem, bound)),
        Paragraph("The model that is best for the weighted mean has these scores, times the groups' weights:"),
        Lines((*terms, Line((Words("together"),), "=", total)), more(len(order) - shown, "group")),
        Paragraph(f"For rounding, {bound.margin:.2g} is taken off: {_KNOWN[bound.evidence]}."),
    )


def _short(value: float) -> Any:
    """A number for people, rounded."""
    return fraction(float(f"{value:.{_DIGITS}g}"))

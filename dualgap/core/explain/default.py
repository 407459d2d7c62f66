"""What any problem with an exact mixed-integer view gets: model, dual, answer and argument in its own names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.certificate import INFINITY, Bound, Sense
from dualgap.core.errors import InvalidWitnessError, UsageError
from dualgap.core.exact import dyadic, fraction, nearest
from dualgap.core.explain.argument import GENERIC, Wording, bounded, refuted, worth
from dualgap.core.explain.blocks import SHOWN, Block, Heading, Paragraph, number
from dualgap.core.explain.prices import Priced, priced, simplest_prices
from dualgap.core.explain.program import Program, dual, model
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.views import View, program_view
from dualgap.core.witness import FarkasRay, Multipliers, Witness

if TYPE_CHECKING:
    from dualgap.core.problem import Problem


def explain(
    problem: Problem,
    answer: Any = None,
    witness: Witness | None = None,
    *,
    via: str | None = None,
    shown: int = SHOWN,
    wording: Wording = GENERIC,
) -> tuple[Block, ...]:
    """The model, its relaxation and dual; with an answer what it is worth, with a witness what it proves.

    Raises:
        UsageError: ``via`` names no view.
    """
    return (*stated(problem, via, shown), *judged(problem, answer, shown), *proved(problem, witness, shown, wording))


def stated(problem: Problem, via: str | None = None, shown: int = SHOWN) -> tuple[Block, ...]:
    """The problem through a view, the first exact integer program by default, and its dual."""
    view = _view(problem, via)
    if view is None:
        names = ", ".join(f"{view.name} ({view.form_type.title})" for view in problem.views()) or "none"
        return (Heading("The problem"), Paragraph(f"{problem.summary}. It is no integer program; its views: {names}."))
    if not issubclass(view.form_type, MixedIntegerProgram):
        what = f"The view {view.name} states it as a {view.form_type.title}; that is {_RELATIONS[view.relation]}."
        return (Heading("The problem"), Paragraph(f"{problem.summary}."), Paragraph(what))
    program = program_of(problem, view)
    whole = bool(program.form.integer.any())
    relaxed = "Without the condition that columns be whole, it is a linear program. " if whole else ""
    return (
        Heading("The model"),
        *model(program, shown),
        Heading("Its relaxation and dual" if whole else "Its dual"),
        Paragraph(f"{relaxed}{_DUAL}"),
        *dual(program, shown),
        Paragraph(_WEAK if program.sense is Sense.MAXIMIZE else _WEAK.replace("exceeds", "is below")),
    )


_RELATIONS = {
    "exact": "the same problem",
    "relaxation": "a relaxation: its bounds hold for the problem",
    "restriction": "a restriction: its feasible points are feasible here",
    "surrogate": "a surrogate: its points are evaluated again here",
}
_LEEWAY = Fraction(1, 10**9)  # of a bound: by as much, simpler prices may prove less where nothing is rounded anyway
_DUAL = (
    "Its dual prices every side of a row (y) and every bound other than 0 (z): a multiplier is the change of the "
    "optimum per unit of its side."
)
_WEAK = "No feasible answer exceeds the value of any point of the dual (weak duality)."


def judged(problem: Problem, answer: Any, shown: int = SHOWN) -> tuple[Block, ...]:
    """An answer's objective and rows, recomputed; nothing where there is no answer, or no program to put it in."""
    view = program_view(problem.views())
    if answer is None or view is None or view.encode is None:
        return ()
    program = program_of(problem, view)
    point = np.asarray(view.encode(answer))
    if point.shape != (program.form.size[0],) or not np.isfinite(point).all():
        return ()
    return (Heading("The answer"), *worth(program, point, shown))


def proved(
    problem: Problem, witness: Witness | None, shown: int = SHOWN, wording: Wording = GENERIC
) -> tuple[Block, ...]:
    """What a witness proves, as lines to redo where it is a matter of prices, else in words; nothing without one."""
    bound = bound_of(problem, witness)
    if bound is None or witness is None:
        return ()
    view = program_view(problem.views())
    encoded = view.encode_witness(witness) if view is not None and view.encode_witness is not None else None
    lines: tuple[Block, ...] = ()
    if view is not None and isinstance(encoded, Multipliers):
        program = program_of(problem, view)
        lines = by_prices(program, [program.sign * value for value in encoded.rows.tolist()], bound, shown, wording)
    elif view is not None and isinstance(encoded, FarkasRay):
        lines = by_combination(program_of(problem, view), encoded.rows.tolist(), shown)
    return (Heading(title(problem, bound)), *(lines or (Paragraph(in_words(problem, bound)),)))


def bound_of(problem: Problem, witness: Witness | None) -> Bound | None:
    """The verifier's bound; None where there is no witness, or it proves nothing."""
    if witness is None:
        return None
    try:
        return problem.bound(witness)
    except InvalidWitnessError:
        return None


def title(problem: Problem, bound: Bound) -> str:
    """The heading of a proof."""
    if bound.value == problem.sense.worst:
        return "Why nothing is feasible"
    return f"Why nothing {'exceeds' if problem.sense is Sense.MAXIMIZE else 'is below'} {number(bound.value)}"


def in_words(problem: Problem, bound: Bound) -> str:
    """The argument as the verifier names it, for proofs that are too long to be printed."""
    checked = "checked in exact arithmetic" if bound.evidence.value == "proved" else "checked, within the error stated"
    return f"The argument, {checked}: {bound.argument}."


def by_prices(
    program: Program,
    prices: Sequence[float],
    bound: Bound,
    shown: int = SHOWN,
    wording: Wording = GENERIC,
    box: tuple[np.ndarray, np.ndarray] | None = None,
    exactly: Sequence[Fraction] | None = None,
) -> tuple[Block, ...]:
    """The argument of prices on the rows, in the simplest fractions that prove as much as the verifier's bound.

    Args:
        program: what is bounded.
        prices: (m,) in the problem's sense.
        bound: what the verifier proves with them.
        shown: lines of each kind.
        wording: the family's.
        box: bounds of the columns that hold as well.
        exactly: the prices that the verifier counts with, where they aren't the given ones on its grid.
    """

    target = fraction(bound.value) if abs(nearest(bound.value)) < INFINITY else Fraction(0)
    leeway = Fraction(0) if program.step else _LEEWAY * abs(target)

    def good(candidate: Sequence[Fraction]) -> bool:
        found = priced(program, candidate, box)
        return found is not None and program.sign * (target - found.bound) <= leeway

    found: Priced | None = None
    if abs(nearest(bound.value)) < INFINITY:
        simple = simplest_prices(prices, good)
        given = exactly if exactly is not None else dyadic(np.asarray(prices))
        found = priced(program, simple if simple is not None else given, box)
    if found is None:
        return ()
    weaker = program.sign * (target - found.bound) > 0
    own = f"With the run's own prices, which are longer fractions, the verifier proves {number(bound.value)}."
    long = "No simple fractions near the run's prices prove as much, so they stand as the verifier takes them."
    return (
        *((Paragraph(long),) if simple is None else ()),
        *bounded(found, shown, wording),
        *((Paragraph(own),) if weaker else ()),
    )


def by_combination(
    program: Program, weights: Sequence[float], shown: int = SHOWN, box: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[Block, ...]:
    """The argument that a combination of rows can't be met, in simple fractions; nothing where floats don't do."""
    largest = max(map(abs, weights), default=0.0)
    if not 0 < largest < INFINITY:
        return ()
    form = replace(program.form, cost=np.zeros(program.form.size[0], dtype=np.int64), offset=0.0)
    nothing = Program(form, Sense.MINIMIZE)

    def found(candidate: Sequence[Fraction]) -> Priced | None:
        return priced(nothing, candidate, box)

    def good(candidate: Sequence[Fraction]) -> bool:
        made = found(candidate)
        return made is not None and made.total > 0

    least = min(abs(weight) for weight in weights if abs(weight) > 1e-9 * largest)
    for scale in (least, largest):
        simple = simplest_prices([weight / scale for weight in weights], good)
        made = found(simple) if simple is not None else None
        if made is not None:
            return refuted(made, shown)
    return ()


def program_of(problem: Problem, view: View) -> Program:
    """A view's program in the problem's sense."""
    form = view.build()
    assert isinstance(form, MixedIntegerProgram)
    return Program(form, problem.sense)


def _view(problem: Problem, via: str | None) -> View | None:
    if via is None:
        return program_view(problem.views())
    found = next((view for view in problem.views() if view.name == via), None)
    if found is None:
        known = ", ".join(view.name for view in problem.views()) or "none"
        raise UsageError(f"{problem.kind} has no view {via!r}; it has: {known}")
    return found

"""A problem explained, with the numbers of a graded run."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from dualgap.core.certificate import Certificate, Evidence
from dualgap.core.explain.blocks import SHOWN, Block, Heading, Lines, Paragraph, number
from dualgap.core.problem import Problem
from dualgap.core.relations import Relation
from dualgap.engine.run import Run

_MEANS = {
    Relation.RELAXATION: "allows more than the problem does, so that its bounds hold for the problem",
    Relation.RESTRICTION: "allows less than the problem does, so that its answers are answers to the problem",
    Relation.SURROGATE: "is another problem, whose answers are evaluated again in this one",
}


def explanation(
    problem: Problem, run: Run | None = None, *, via: str | None = None, shown: int = SHOWN
) -> tuple[Block, ...]:
    """The problem and its dual; with a run (that ``grade`` has checked) its certificate, answer and proof as well.

    Raises:
        UsageError: ``via`` names no view.
    """
    if run is None or run.certificate is None:
        return problem.explain(via=via, shown=shown)
    explained = problem.explain(run.answer, run.witness, via=via, shown=shown)
    return (Paragraph(run.certificate.statement), *explained, *_rest(run, run.certificate, explained))


def _rest(run: Run, certificate: Certificate, explained: tuple[Block, ...]) -> Iterator[Block]:
    """What was cut short, what the route left out, and what is only claimed."""
    cut = any(map(_cut, explained))
    loose = [step for step in run.route if _relation(step) in _MEANS]
    claimed = certificate.evidence is Evidence.CLAIMED and certificate.bound is not None
    if not cut and not loose and not claimed and run.witness is not None:
        return
    yield Heading("Remarks")
    if cut:
        yield Paragraph('Numbers that end in "…" are cut short here; they were added up with all their digits.')
    for step in loose:
        name = step.rpartition(" (")[0]
        yield Paragraph(f"The solver went by {name}: that {_MEANS[_relation(step)]}.")
    if claimed:
        yield Paragraph(
            f"The bound {number(certificate.bound or 0)} is the word of {run.solver}: its search left nothing behind "
            "that could be replayed."
        )
    if run.witness is None:
        yield Paragraph("The run holds no witness, so there is no proof to redo.")


def _cut(block: Block) -> bool:
    """Whether a line of the block shows a number without all its digits."""
    parts = (part for row in block.rows for part in (*row.left, *row.right)) if isinstance(block, Lines) else ()
    return any(number(part).endswith("…") for part in parts if isinstance(part, int | float | Fraction))


def _relation(step: str) -> Relation:
    """The relation that a step of a route names in brackets; exact where it names none."""
    said = step.rpartition("(")[2].removesuffix(")")
    return Relation(said) if said in tuple(Relation) else Relation.EXACT

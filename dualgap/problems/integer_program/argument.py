"""Integer programs explained: the verifier's own multipliers and box, or the conflict, in the spec's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dualgap.core.certificate import Sense
from dualgap.core.explain.blocks import Block, Heading, Line, Lines, Paragraph, Words, more
from dualgap.core.explain.default import bound_of, by_combination, by_prices, in_words, judged, stated, title
from dualgap.core.explain.program import Program
from dualgap.core.witness import Conflict, FarkasRay, Multipliers, Witness
from dualgap.problems.integer_program.proofs import combined_value, relaxed_value
from dualgap.problems.integer_program.views import mixed_integer_program
from dualgap.problems.systems.members import System

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram

_SECONDS = 10.0


def explain(
    problem: IntegerProgram, answer: Any, witness: Witness | None, via: str | None, shown: int
) -> tuple[Block, ...]:
    """Model, dual, answer and argument."""
    return (*stated(problem, via, shown), *judged(problem, answer, shown), *_proved(problem, witness, shown))


def _proved(problem: IntegerProgram, witness: Witness | None, shown: int) -> tuple[Block, ...]:
    bound = bound_of(problem, witness)
    if bound is None:
        return ()
    program = Program(mixed_integer_program(problem), problem.sense)
    lines: tuple[Block, ...] = ()
    if isinstance(witness, Multipliers):
        sign = -1 if problem.sense is Sense.MAXIMIZE else 1
        found = relaxed_value(problem, witness.rows, _SECONDS)
        prices = [sign * found.multipliers.item(i) for i in range(len(problem.rows))]
        given = [sign * value for value in witness.rows.tolist()]
        lines = by_prices(program, given, bound, shown, box=(found.lower, found.upper), exactly=prices)
    elif isinstance(witness, FarkasRay):
        ray = combined_value(problem, witness.rows, _SECONDS)
        lines = by_combination(program, ray.multipliers.floats().tolist(), shown, (ray.lower, ray.upper))
    elif isinstance(witness, Conflict):
        lines = _conflict(program, witness, shown)
    argument = () if lines and not isinstance(witness, Conflict) else (Paragraph(in_words(problem, bound)),)
    return (Heading(title(problem, bound)), *lines, *argument)


def _conflict(program: Program, witness: Conflict, shown: int) -> tuple[Block, ...]:
    """What can't hold together."""
    system = System(program.form)
    texts = system.text(system.read(witness.members))
    lines = tuple(Line((Words(text),), label=name) for name, text in texts[:shown])
    return (Paragraph("These can't hold together:"), Lines(lines, more(len(texts) - shown, "condition")))

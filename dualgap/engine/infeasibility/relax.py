"""The least relaxation: the smallest total change of rows and bounds that leaves a point, as a program of its own.

A side ``a'x >= b`` that may be relaxed becomes ``a'x + s t >= b`` with ``t >= 0`` and s the side's size, and the sum of
the t is minimised. That is solved and certified like any other integer program, so that the certificate's bound says
that no relaxation is smaller; small systems in whole numbers are shown to have none in exact arithmetic.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.exact import Real, fraction, nearest, simplest
from dualgap.core.verify import DEFAULT_TOLERANCE
from dualgap.engine.execute import execute
from dualgap.engine.infeasibility.elastic import elastic
from dualgap.engine.infeasibility.findings import Change, Relaxation, closes
from dualgap.engine.infeasibility.least import shown_least
from dualgap.engine.infeasibility.oracle import stated
from dualgap.engine.prepare import prepare
from dualgap.engine.run import Run
from dualgap.engine.task import Settings
from dualgap.problems.systems.members import Kind, Member, Side, System
from dualgap.problems.systems.points import failing

MEASURE = "the sum of changes, each over the size of its side"
_SHARE = 0.5  # of the time, for the search and then of what is left for a proof
_PROOF_SECONDS = 1.0  # that a relaxation is least: what isn't refuted by then seldom is
_DENOMINATORS = (1, 12, 1_000, 10**6)


def relaxable(system: System, member: Member) -> bool:
    """Whether people may move the side: any row's, and bounds but those of a 0-1 column and a lower bound of 0.

    Those say what kind of thing a column is; nobody buys a negative number of chairs.
    """
    if member.kind is Kind.INTEGER:
        return False
    if member.kind is Kind.ROW:
        return True
    j, form = member.index, system.form
    binary = form.integer[j] and form.lower[j] == 0 and form.upper[j] == 1
    return not binary and not (member.side is Side.LOWER and form.lower[j] == 0)


def size(system: System, member: Member) -> Fraction:
    """What a change of the side is measured by: the larger of its number and its largest coefficient."""
    inequality = system.inequality(member)
    return max(abs(inequality.side), *map(abs, inequality.coefficients), Fraction(0)) or Fraction(1)


def least_relaxation(system: System, settings: Settings, seconds: float) -> Relaxation | None:
    """The smallest total change that is found in time; None where none is."""
    end = time.monotonic() + seconds
    movable = [member for member in system.members if relaxable(system, member)]
    sizes = [size(system, member) for member in movable]
    program = elastic(system.form, movable, sizes)
    run = execute(stated(program), prepare("highs"), replace(settings, time=_SHARE * seconds, gap=0.0))
    if run.answer is None or run.certificate is None or not run.certificate.feasible:
        return None
    values = [fraction(value) for value in np.asarray(run.answer.values)[: len(system.columns)].tolist()]
    found = _best([_measured(system, movable, sizes, point) for point in _candidates(system, values)])
    bound = _bound(run)
    if bound is not None:
        found = replace(found, bound=simplest(bound.value), evidence=bound.evidence)
    left = min(_SHARE * max(end - time.monotonic(), 0.0), _PROOF_SECONDS)
    total = fraction(found.total)
    if not (found.least and found.evidence.verified) and shown_least(system, movable, sizes, total, left):
        return replace(found, bound=found.total, evidence=Evidence.PROVED)
    return found


def _best(candidates: Sequence[Relaxation]) -> Relaxation:
    """The least, where several are as good an exact one, then the one with the fewest changes."""
    least = min(nearest(candidate.total) for candidate in candidates)
    good = [c for c in candidates if nearest(c.total) <= least + DEFAULT_TOLERANCE * max(1.0, least)]
    return min(good, key=lambda candidate: (not candidate.exact, len(candidate.changes)))


def _candidates(system: System, values: Sequence[Fraction]) -> list[list[Fraction]]:
    """Points near a solver's, simpler ones too, that meet exactly what may not be relaxed."""
    form = system.form
    found = []
    for denominator in (None, *_DENOMINATORS):
        point = []
        for j, value in enumerate(values):
            whole = Fraction(round(value)) if form.integer[j] else value
            simple = whole if denominator is None else whole.limit_denominator(denominator)
            for member, limit in ((Side.LOWER, max), (Side.UPPER, min)):
                hard = Member(Kind.BOUND, j, member)
                if hard in system and not relaxable(system, hard):
                    simple = limit(simple, system.side(hard))
            point.append(simple)
        found.append(point)
    return found


def _measured(
    system: System, movable: Sequence[Member], sizes: Sequence[Fraction], point: Sequence[Fraction]
) -> Relaxation:
    """What has to move for a point to be feasible; changes within rounding errors are left out."""
    missed = set(failing(system, system.members, point))
    changes, total, exact = [], Fraction(0), missed <= set(movable)
    for member, scale in zip(movable, sizes):
        if member not in missed:
            continue
        amount = -system.inequality(member).slack(point)
        if amount <= fraction(DEFAULT_TOLERANCE) * scale:
            exact = False
            continue
        side = system.side(member)
        moved = side - amount if member.side is Side.LOWER else side + amount
        word, name = system.word(member), system.name(member)
        changes.append(Change(word, name, simplest(side), simplest(moved), simplest(amount)))
        total += amount / scale
    nonzero = {system.columns[j]: simplest(value) for j, value in enumerate(point) if value}
    return Relaxation(tuple(changes), simplest(total), MEASURE, None, Evidence.NONE, nonzero, exact)


def _bound(run: Run) -> Bound | None:
    """The bound that says most: a verified one that shows the relaxation to be least, else the greatest."""
    assert run.certificate is not None
    bounds: list[Bound] = list(run.certificate.bounds)
    value: Real = run.certificate.value if run.certificate.value is not None else 0
    closing = [b for b in bounds if b.evidence.verified and closes(b.value, value)]
    return max(closing or bounds, key=lambda bound: nearest(bound.value), default=None)

"""Forms as MPS text with numbered names, for backends that are programs of their own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dualgap.core.forms import MixedIntegerProgram


def mps(form: MixedIntegerProgram) -> str:
    """The form without its offset: objective ``obj``, columns ``c0..``, rows ``r0..``.

    A row with two sides becomes a pair, ``r0`` for its lower and ``s0`` for its upper side: a RANGES section would
    store their difference, which rounds. Every column has explicit bounds, because readers differ in their defaults.
    """
    return "\n".join([*_rows(form), *_columns(form), *_right_sides(form), *_bounds(form), "ENDATA", ""])


def row_kinds(form: MixedIntegerProgram) -> list[str]:
    """One letter a row: E, G, L, R for two sides, N for none."""
    lower, upper = np.isfinite(form.row_lower), np.isfinite(form.row_upper)
    equal = lower & upper & (np.asarray(form.row_lower) == np.asarray(form.row_upper))
    kinds: list[str] = np.select([equal, lower & upper, lower, upper], ["E", "R", "G", "L"], "N").tolist()
    return kinds


def _rows(form: MixedIntegerProgram) -> Iterator[str]:
    yield from ("NAME dualgap FREE", "ROWS", " N obj")
    for i, kind in enumerate(row_kinds(form)):
        yield from (f" G r{i}", f" L s{i}") if kind == "R" else (f" {kind} r{i}",)


def _columns(form: MixedIntegerProgram) -> Iterator[str]:
    yield "COLUMNS"
    kinds = row_kinds(form)
    columns = form.matrix.tocsc()
    starts, rows, values = columns.indptr.tolist(), columns.indices.tolist(), columns.data.tolist()
    marked = False
    for j, (cost, integer) in enumerate(zip(form.cost.tolist(), form.integer.tolist(), strict=True)):
        if integer != marked:
            marked = integer
            yield f" m{j} 'MARKER' '{'INTORG' if integer else 'INTEND'}'"
        yield f" c{j} obj {cost!r}"
        for k in range(starts[j], starts[j + 1]):
            yield f" c{j} r{rows[k]} {values[k]!r}"
            if kinds[rows[k]] == "R":
                yield f" c{j} s{rows[k]} {values[k]!r}"
    if marked:
        yield " m 'MARKER' 'INTEND'"


def _right_sides(form: MixedIntegerProgram) -> Iterator[str]:
    yield "RHS"
    sides = zip(form.row_lower.tolist(), form.row_upper.tolist(), row_kinds(form), strict=True)
    for i, (lower, upper, kind) in enumerate(sides):
        if kind in "EGR":
            yield f" rhs r{i} {lower!r}"
        if kind in "LR":
            yield f" rhs {'s' if kind == 'R' else 'r'}{i} {upper!r}"


def _bounds(form: MixedIntegerProgram) -> Iterator[str]:
    yield "BOUNDS"
    for j, (lower, upper) in enumerate(zip(form.lower.tolist(), form.upper.tolist(), strict=True)):
        yield f" LO b c{j} {lower!r}" if lower > -np.inf else f" MI b c{j}"
        yield f" UP b c{j} {upper!r}" if upper < np.inf else f" PL b c{j}"

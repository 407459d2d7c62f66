"""Forms as free MPS: with numbered names for backends that are programs of their own, with real names in files."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dualgap.core.errors import UsageError
from dualgap.core.forms import MixedIntegerProgram

SUFFIXES = (".mps", ".mps.gz")
_NAME = re.compile(r"[^\s$*'][^\s]{0,254}")  # a leading $ starts a comment; ' belongs to markers


def mps(form: MixedIntegerProgram) -> str:
    """The form without its offset: objective ``obj``, columns ``c0..``, rows ``r0..``.

    A row with two sides becomes a pair, ``r0`` for its lower and ``s0`` for its upper side (see ``write_mps``).
    """
    columns, rows = form.size
    names = Names([f"c{j}" for j in range(columns)], [f"r{i}" for i in range(rows)])
    return "\n".join(_lines(form, names, ranges=np.zeros(rows, dtype=bool), offset=0.0))


def write_mps(form: MixedIntegerProgram, path: str | Path) -> str:
    """Writes the form as free MPS, packed where the name ends in ``.gz``; the file states a minimisation.

    Numbers are written as shortest decimals, which read back as they are. A RANGES section stores the difference of two
    sides: where adding it to the lower side doesn't give the upper one, the row becomes a pair. Every column has
    explicit bounds, because readers differ in their defaults.

    Returns:
        What the file couldn't keep, for people; empty where it holds the form as it is.

    Raises:
        UsageError: another suffix, or the file can't be written.
    """
    target = Path(path)
    if not target.name.endswith(SUFFIXES):
        raise UsageError(f"can't write {target.name}: the name must end in {' or '.join(SUFFIXES)}")
    text, lost = named_mps(form)
    data = text.encode()
    try:
        target.write_bytes(gzip.compress(data, mtime=0) if target.suffix == ".gz" else data)
    except OSError as error:
        raise UsageError(f"can't write {target}: {error.strerror}; is its folder there and writable?") from None
    return lost


def named_mps(form: MixedIntegerProgram) -> tuple[str, str]:
    """The text that ``write_mps`` writes, and what it couldn't keep."""
    names, lost = kept_names(form)
    lower, upper = np.asarray(form.row_lower, dtype=np.float64), np.asarray(form.row_upper, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        ranges = np.isfinite(upper - lower) & (lower + (upper - lower) == upper)
    pairs = int(np.count_nonzero(np.array(row_kinds(form)) == "R") - np.count_nonzero(ranges & (lower != upper)))
    if pairs:
        lost.append(f"{pairs} rows with two sides are pairs of rows, as their width rounds")
    return "\n".join(_lines(form, names, ranges, float(form.offset))), "; ".join(lost)


def row_kinds(form: MixedIntegerProgram) -> list[str]:
    """One letter a row: E, G, L, R for two sides, N for none."""
    lower, upper = np.isfinite(form.row_lower), np.isfinite(form.row_upper)
    equal = lower & upper & (np.asarray(form.row_lower) == np.asarray(form.row_upper))
    kinds: list[str] = np.select([equal, lower & upper, lower, upper], ["E", "R", "G", "L"], "N").tolist()
    return kinds


@dataclass(frozen=True)
class Names:
    """Of columns and rows, of the objective, and of the upper halves of pairs (``s`` before the row's number)."""

    columns: Sequence[str]
    rows: Sequence[str]
    objective: str = "obj"

    def second(self, row: int) -> str:
        """The row that holds the upper side of a pair."""
        return f"s{row}" if self.rows[row] == f"r{row}" else f"{self.rows[row]}_upper"


def kept_names(form: MixedIntegerProgram) -> tuple[Names, list[str]]:
    """The form's names where MPS can hold them all, else numbers, and what is lost by that."""
    lost = []
    found = {}
    for kind, names, count in (("column", form.columns, form.size[0]), ("row", form.rows, form.size[1])):
        bad = next((name for name in names if not _NAME.fullmatch(name)), None)
        twice = len(set(names)) < len(names)
        if bad is not None or twice:
            what = f"the {kind} name {bad!r}" if bad is not None else f"{kind} names that occur twice"
            lost.append(f"MPS files can't hold {what}: {kind}s are numbered in order")
        usable = bool(names) and bad is None and not twice
        found[kind] = tuple(names) if usable else tuple(f"{kind[0]}{index}" for index in range(count))
    taken = set(found["row"])
    objective = next(name for name in ("obj", *(f"obj{k}" for k in range(len(taken) + 1))) if name not in taken)
    return Names(found["column"], found["row"], objective), lost


def _lines(form: MixedIntegerProgram, names: Names, ranges: np.ndarray, offset: float) -> Iterator[str]:
    """The file; ``ranges`` says which rows with two sides may be one row with a range."""
    kinds = ["G" if kind == "R" and ranged else kind for kind, ranged in zip(row_kinds(form), ranges, strict=True)]
    yield from ("NAME dualgap FREE", "ROWS", f" N {names.objective}")
    for i, kind in enumerate(kinds):
        yield from (f" G {names.rows[i]}", f" L {names.second(i)}") if kind == "R" else (f" {kind} {names.rows[i]}",)
    yield from _columns(form, names, kinds)
    yield from _sides(form, names, kinds, offset)
    yield from _bounds(form, names)
    yield from ("ENDATA", "")


def _columns(form: MixedIntegerProgram, names: Names, kinds: Sequence[str]) -> Iterator[str]:
    yield "COLUMNS"
    columns = form.matrix.tocsc()
    starts, rows, values = columns.indptr.tolist(), columns.indices.tolist(), columns.data.tolist()
    marked = False
    given = zip(names.columns, form.cost.tolist(), form.integer.tolist(), strict=True)
    for j, (name, cost, integer) in enumerate(given):
        if integer != marked:
            marked = integer
            yield f" m{j} 'MARKER' '{'INTORG' if integer else 'INTEND'}'"
        yield f" {name} {names.objective} {cost!r}"
        for k in range(starts[j], starts[j + 1]):
            yield f" {name} {names.rows[rows[k]]} {values[k]!r}"
            if kinds[rows[k]] == "R":
                yield f" {name} {names.second(rows[k])} {values[k]!r}"
    if marked:
        yield " m 'MARKER' 'INTEND'"


def _sides(form: MixedIntegerProgram, names: Names, kinds: Sequence[str], offset: float) -> Iterator[str]:
    yield "RHS"
    if offset:
        yield f" rhs {names.objective} {-offset!r}"
    sides = list(zip(form.row_lower.tolist(), form.row_upper.tolist(), kinds, strict=True))
    widths = []
    for i, (lower, upper, kind) in enumerate(sides):
        if kind in "EGR":
            yield f" rhs {names.rows[i]} {lower!r}"
        if kind in "LR":
            yield f" rhs {names.second(i) if kind == 'R' else names.rows[i]} {upper!r}"
        if kind == "G" and upper < np.inf:
            widths.append(f" range {names.rows[i]} {upper - lower!r}")
    if widths:
        yield from ("RANGES", *widths)


def _bounds(form: MixedIntegerProgram, names: Names) -> Iterator[str]:
    yield "BOUNDS"
    for name, lower, upper in zip(names.columns, form.lower.tolist(), form.upper.tolist(), strict=True):
        yield f" LO b {name} {lower!r}" if lower > -np.inf else f" MI b {name}"
        yield f" UP b {name} {upper!r}" if upper < np.inf else f" PL b {name}"

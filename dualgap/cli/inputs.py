"""What people hand in on the command line: specs, answers, ``FIELD=VALUE`` settings, places to write to."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from dualgap.core.errors import Fault, SpecError, UsageError
from dualgap.core.problem import Problem
from dualgap.core.specs import MAX_SPEC_BYTES, parse_spec
from dualgap.engine.load import Loaded, load
from dualgap.engine.run import Run

STDIN = "-"
REPORT_ENDINGS = (".html", ".htm")
PATH_ENDINGS = (".svg", ".tex")
_MOST_POINTS = 10_000  # along a path


@dataclass(frozen=True)
class Given:
    """A spec as closed, and the seconds that closing it took."""

    loaded: Loaded
    seconds: float

    @property
    def problem(self) -> Problem:
        return self.loaded.problem

    def completed(self, run: Run) -> Run:
        """The run with what closing the spec took and derived."""
        seconds = {**run.seconds, "resolve": self.seconds}
        return replace(run, seconds=seconds, artefacts=self.loaded.artefacts, source=self.loaded.source)


def read_problem(spec: str, settings: Sequence[str] | None = None, seed: int = 0) -> Given:
    """The closed problem of a file, or of stdin where ``spec`` is ``-`` (its paths start in the working directory).

    Raises:
        SpecError: lists every fault with its path and remedy.
    """
    began = time.monotonic()
    overrides = split_settings(settings or ())
    if spec == STDIN:
        loaded = load(_read_stdin(), seed=seed, base=Path(), settings=overrides)
    else:
        loaded = load(Path(spec), seed=seed, settings=overrides)
    return Given(loaded, time.monotonic() - began)


def _read_stdin() -> dict[str, Any]:
    data = sys.stdin.buffer.read(MAX_SPEC_BYTES + 1)
    try:
        return parse_spec(data.decode("utf-8-sig"), "stdin")
    except UnicodeDecodeError as error:
        fault = Fault("(top)", f"not text: {error.reason}", "specs are UTF-8 TOML or JSON")
        raise SpecError([fault], "stdin") from None


def split_settings(pairs: Sequence[str]) -> dict[str, str]:
    """``["capacity=50"]`` as a mapping.

    Raises:
        UsageError: a pair without "=".
    """
    settings = {}
    for pair in pairs:
        field, equals, value = pair.partition("=")
        if not equals or not field.strip():
            raise UsageError(f"can't read the setting {pair!r}; write FIELD=VALUE")
        settings[field.strip()] = value.strip()
    return settings


def read_path(text: str) -> tuple[str, list[int | Fraction]]:
    """``FIELD=lo:hi:n`` as the field and n evenly spaced values, ends included, in exact arithmetic.

    Raises:
        UsageError: it isn't of that form, the ends aren't in order, or there are fewer than two values.
    """
    field, equals, span = text.partition("=")
    try:
        low, high, count = span.split(":")
        first, last, points = Fraction(low), Fraction(high), int(count)
        readable = bool(equals and field.strip())
    except (ValueError, ZeroDivisionError):
        readable = False
    if not readable:
        raise UsageError(f"can't read the path {text!r}; write FIELD=lo:hi:n, as in capacity=10:50:5")
    if first >= last:
        raise UsageError(f"the path {text!r} must rise: {low} isn't below {high}; write the smaller end first")
    if not 2 <= points <= _MOST_POINTS:
        raise UsageError(f"a path has 2 to {_MOST_POINTS:,} values, not {points}; write FIELD=lo:hi:n")
    step = (last - first) / (points - 1)
    values = [first + k * step for k in range(points)]
    return field.strip(), [int(value) if value.denominator == 1 else value for value in values]


def check_ending(path: Path | None, *endings: str) -> None:
    """Finds out before the work that a file's name promises what isn't written.

    Raises:
        UsageError: it ends otherwise.
    """
    if path is not None and path.suffix.lower() not in endings:
        raise UsageError(f"can't write {path}: name a file that ends in {' or '.join(endings)}")


def check_run_file(path: Path | None, spec: str) -> None:
    """Finds out before the work that a report is expected of ``solve``, whose runs have any other name.

    Raises:
        UsageError: it ends as a report does.
    """
    if path is not None and path.suffix.lower() in REPORT_ENDINGS:
        raise UsageError(f"solve saves a run, run.json say; a report comes from dualgap compare {spec} -o {path}")


def check_writable(*paths: Path | None) -> None:
    """Finds out before the work that its result could not be written.

    Raises:
        UsageError: a folder is missing, or the path is a folder.
    """
    for path in paths:
        if path is not None and path.is_dir():
            raise UsageError(f"can't write {path}: it is a folder")
        if path is not None and not path.parent.is_dir():
            raise UsageError(f"can't write {path}: there is no folder {path.parent}")

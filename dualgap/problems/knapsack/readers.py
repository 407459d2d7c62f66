"""Knapsack files as the field writes them: kplib's ``.kp``, Jooken's ``.in``, OR-Library's ``mknap``; all also gzipped.

Every reader returns the fields of a raw spec, with its ``kind``.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import parse_number, read_text

Spec = dict[str, Any]

FORMATS = ("kp", "jooken", "mknap")
_WHOLE = "is the file whole?"


def read_instance(path: Path, form: Any = None, instance: Any = None) -> Spec:
    """The instance in a file.

    Args:
        path: the file; its suffix (``.kp``, ``.in``, ``.txt`` or ``.dat``) says the format where ``form`` doesn't.
        form: one of ``FORMATS``, or None.
        instance: which instance of an ``mknap`` file, counted from 1; 1 by default.

    Raises:
        SpecError: an unknown format, or a fault in the file with its line.
    """
    chosen = form if form is not None else _by_suffix(path)
    if chosen not in FORMATS:
        message = f"unknown format {shown(chosen)}" if form is not None else f"{path.name} doesn't say its format"
        raise SpecError([Fault("format", message, "one of: " + ", ".join(FORMATS))])
    if chosen == "mknap":
        return read_mknap(path, 1 if instance is None else instance)
    if instance is not None:
        raise SpecError([Fault("instance", f"a {chosen} file holds one instance", "leave instance out")])
    return read_kp(path) if chosen == "kp" else read_jooken(path)


def read_kp(path: Path) -> Spec:
    """kplib's format: n, the capacity, then ``value weight`` a line (github.com/likr/kplib)."""
    numbers = _Numbers(path)
    size, capacity = numbers.count("the number of items"), numbers.take("the capacity")
    pairs = numbers.rows(size, 2, "value and weight")
    numbers.end()
    return _spec(pairs[:, 0], pairs[:, 1], capacity)


def read_jooken(path: Path) -> Spec:
    """The format of Jooken, Leyman and De Causmaecker (EJOR 2022): n, ``id value weight`` a line, the capacity.

    The ids become the names.
    """
    numbers = _Numbers(path)
    rows = numbers.rows(numbers.count("the number of items"), 3, "id, value and weight")
    capacity = numbers.take("the capacity")
    numbers.end()
    return {**_spec(rows[:, 1], rows[:, 2], capacity), "names": [str(name) for name in rows[:, 0]]}


def read_mknap(path: Path, instance: int = 1) -> Spec:
    """OR-Library's multidimensional format (Chu and Beasley 1998), several instances in a file.

    The file holds K, then for each instance n, m, its best value (0 where unknown), n values, m rows of n weights and
    m capacities, over any lines. ``instance`` counts from 1, as the field's tables count their rows.
    """
    numbers = _Numbers(path)
    known = numbers.count("the number of instances")
    if not isinstance(instance, int) or isinstance(instance, bool) or not 1 <= instance <= known:
        raise SpecError([Fault("instance", f"{shown(instance)} is not in {path.name}", f"1 to {known}")])
    for _ in range(instance - 1):
        size, rows = _mknap_header(numbers)
        numbers.skip(size + rows * size + rows)
    size, rows = _mknap_header(numbers)
    values = numbers.rows(1, size, "the values")[0]
    weights = numbers.rows(rows, size, "the weights")
    return _spec(values, weights, numbers.rows(1, rows, "the capacities")[0].tolist())


def _mknap_header(numbers: _Numbers) -> tuple[int, int]:
    size, rows = numbers.count("the number of items"), numbers.count("the number of capacities")
    numbers.take("the best known value")
    return size, rows


def _spec(values: np.ndarray, weights: np.ndarray, capacity: Any) -> Spec:
    return {"kind": "knapsack", "values": values.tolist(), "weights": weights.tolist(), "capacity": capacity}


class _Numbers:
    """The words of a file, one number after the other, with the line where each stands."""

    def __init__(self, path: Path) -> None:
        self.source = str(path)
        try:
            text = read_text(path)
        except (OSError, ValueError, EOFError, zlib.error) as error:
            raise SpecError([Fault("(top)", f"can't be read: {error}", _WHOLE)], self.source) from error
        self._lines = [line.split() for line in text.splitlines()]
        self._words = [word for line in self._lines for word in line]
        self._next = 0

    def take(self, what: str) -> Any:
        """The next number."""
        return self._parsed(1, what)[0]

    def count(self, what: str) -> int:
        """The next number, which must be a size."""
        number = self.take(what)
        if not isinstance(number, int) or number < 1:
            raise self._fault(self._next - 1, f"{what} is {shown(number)}", "expected a whole number >= 1")
        return number

    def rows(self, rows: int, columns: int, what: str) -> np.ndarray:
        """(rows, columns) numbers, int64 or objects (exact decimals)."""
        words = self._advance(rows * columns, what)
        try:
            return np.array(list(map(int, words)), dtype=np.int64).reshape(rows, columns)
        except (ValueError, OverflowError):
            self._next -= rows * columns
            return np.array(self._parsed(rows * columns, what), dtype=object).reshape(rows, columns)

    def skip(self, count: int) -> None:
        """Passes over numbers of an instance that isn't asked for."""
        self._advance(count, "an instance")

    def end(self) -> None:
        """Raises SpecError: the file goes on."""
        if self._next < len(self._words):
            raise self._fault(self._next, "the file goes on after the last item", "is its first number right?")

    def _advance(self, count: int, what: str) -> list[str]:
        words = self._words[self._next : self._next + count]
        if len(words) < count:
            raise self._fault(len(self._words) - 1, f"the file ends within {what}", _WHOLE)
        self._next += count
        return words

    def _parsed(self, count: int, what: str) -> list[Any]:
        first, parsed = self._next, []
        for offset, word in enumerate(self._advance(count, what)):
            try:
                parsed.append(parse_number(word))
            except ValueError as error:
                raise self._fault(first + offset, f"{error} ({what})", "is the format right?") from None
        return parsed

    def _fault(self, word: int, message: str, remedy: str) -> SpecError:
        """A fault at the word of that index."""
        before = 0
        for line, words in enumerate(self._lines, start=1):
            before += len(words)
            if before > word:
                return SpecError([Fault(f"line {line}", message, remedy)], self.source)
        return SpecError([Fault("line 1", "the file is empty", _WHOLE)], self.source)


def _by_suffix(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return {".kp": "kp", ".in": "jooken", ".txt": "mknap", ".dat": "mknap"}.get(suffixes[-1] if suffixes else "")

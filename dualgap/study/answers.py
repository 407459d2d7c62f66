"""Reading anybody's answer: run files, JSON, CSV, NPZ, solvers' solution files, Python objects."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from dualgap.core.errors import Fault, InvalidWitnessError, SpecError
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.problem import Answer, Problem
from dualgap.core.relations import Relation
from dualgap.core.resolve import parse_number, read_text
from dualgap.core.serialize import from_json
from dualgap.core.views import View
from dualgap.engine.run import Run, run_from_data
from dualgap.study.solution_files import Pairs, read_pairs

_FORMATS = "use JSON, CSV (name,value), NPZ or a solver's .sol file"
_NUMBERED = re.compile(r"(?:[A-Za-z]{1,3}[_#]?)?\d+")
_WHOLE = 1e-6  # how far a solver's integer may be from a whole number


def read_given(problem: Problem, given: Any) -> Any:
    """A ``Run``, or an answer of the problem's own type.

    Args:
        given: a path, a ``Run``, an ``Answer``, the data of either, or an array of counts.

    Raises:
        SpecError: it can't be read as either; with path and remedy.
    """
    if isinstance(given, Run):
        if given.problem_hash != problem.digest():
            fault = Fault("problem.hash", "this run is of another problem", "give the spec it was made from")
            raise SpecError([fault], "run")
        return given
    if isinstance(given, str | Path):
        return _read_file(problem, Path(given))
    return _read_data(problem, given, "answer", None)


def read_answer(problem: Problem, path: Path) -> Any:
    """The answer in a file, be it a run's or a bare one.

    Raises:
        SpecError: it can't be read, or holds no answer.
    """
    given = read_given(problem, path)
    if isinstance(given, Run):
        given = given.answer
    if given is None:
        raise _bad(path, "this run found no answer", "name a file that holds one")
    return given


def _read_file(problem: Problem, path: Path) -> Any:
    if not path.exists():
        raise _bad(path, "no such file", "check the path")
    suffix = path.suffixes[-2] if path.suffix == ".gz" and len(path.suffixes) > 1 else path.suffix
    try:
        if suffix in (".npz", ".npy"):
            return _read_data(problem, _arrays(path), str(path), None)
        text = read_text(path)
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise _bad(path, f"can't be read: {error}", _FORMATS) from None
    if suffix == ".csv":
        return _read_csv(problem, text, path)
    if suffix == ".sol":
        try:
            pairs = read_pairs(text)
        except ValueError as error:
            raise _bad(path, str(error), "write it again with the solver") from None
        return _by_columns(problem, pairs, path)
    try:
        data = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise _bad(path, f"not JSON: {error}", _FORMATS) from None
    return _read_data(problem, data, str(path), path.with_suffix(".arrays"))


def _read_data(problem: Problem, data: Any, source: str, sidecars: Path | None) -> Any:
    """A run or an answer from plain data or Python objects."""
    if isinstance(data, Answer):
        if type(data) is not problem.answer_type:
            expected = problem.answer_type.__name__
            raise SpecError([Fault("(top)", f"a {type(data).__name__}", f"{problem.kind} takes a {expected}")], source)
        return data
    if isinstance(data, Mapping) and "schema_version" in data:
        return _run(problem, data, source, sidecars)
    if isinstance(data, Mapping) and isinstance(data.get("answer"), Mapping):
        data = data["answer"]
    if isinstance(data, np.ndarray | list | tuple):
        data = {_array_field(problem): data if isinstance(data, np.ndarray) else list(data)}
    try:
        return problem.read_answer(from_json(data, sidecars))
    except SpecError as error:
        raise SpecError(error.faults, source) from None


def _array_field(problem: Problem) -> str:
    """What a bare array stands for: the answer's first field."""
    return next(iter(problem.answer_type.model_fields))


def _run(problem: Problem, data: Mapping[str, Any], source: str, sidecars: Path | None) -> Run:
    try:
        return run_from_data(from_json(_floats(dict(data)), sidecars), problem, source)
    except SpecError as error:
        raise SpecError(error.faults, source) from None
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, InvalidWitnessError) as error:
        fault = Fault("(top)", f"a damaged run: {error!r}", "write it again with solve -o")
        raise SpecError([fault], source) from None


def _floats(data: Any) -> Any:
    """Runs hold floats; only bare answers are read as exact decimals."""
    if isinstance(data, Decimal):
        return float(data)
    if isinstance(data, dict):
        return {key: _floats(value) for key, value in data.items()}
    return [_floats(value) for value in data] if isinstance(data, list) else data


def _arrays(path: Path) -> Any:
    loaded = np.load(path, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return loaded
    with loaded:
        return {name: loaded[name] for name in loaded.files}


def _read_csv(problem: Problem, text: str, path: Path) -> Any:
    """A table of the answer's own fields (as ``--answer`` writes lists), else of names and numbers."""
    rows = list(csv.reader(io.StringIO(text)))
    if not any(rows):
        raise _bad(path, "the file is empty", "write name,value")
    if problem.reads_columns:
        return _read_data(problem, _columns(rows, path), str(path), None)
    header = [cell.strip() for cell in rows[0]]
    if not set(header) <= set(problem.answer_type.model_fields):
        table = _table(rows)
        if table is not None:
            return _read_data(problem, table, str(path), None)
        return _by_columns(problem, _csv_pairs(rows, path), path)
    try:
        columns = list(zip(*([parse_number(cell) for cell in row] for row in rows[1:] if row), strict=True))
        fields = {name: list(column) for name, column in zip(header, columns, strict=True)}
    except ValueError as error:
        raise _bad(path, str(error), f"one number for each of {', '.join(header)} a line") from None
    return _read_data(problem, fields, str(path), None)


def _columns(rows: Sequence[Sequence[str]], path: Path) -> dict[str, list[str]] | list[str]:
    """The cells by column, as they are written; one list where a single column has no name but begins with a number."""
    header, *body = [[cell.strip() for cell in row] for row in rows if row]
    odd = next((row for row in body if len(row) != len(header)), None)
    if odd is not None:
        raise _bad(path, f"a line has {len(odd)} cells, the first one {len(header)}", "write as many in each")
    if len(header) == 1 and _is_number(header[0]):
        return [header[0], *(row[0] for row in body)]
    return {name: [row[k] for row in body] for k, name in enumerate(header)}


def _is_number(cell: str) -> bool:
    try:
        parse_number(cell)
    except ValueError:
        return False
    return True


def _table(rows: Sequence[Sequence[str]]) -> np.ndarray | None:
    """Rows of more than two numbers each, which can't be pairs of a name and a number; else None.

    They are other tools' floats, written with more digits than they have.
    """
    written = [row for row in rows if row]
    if min(map(len, written)) <= 2:
        return None
    try:
        return np.array([[float(cell) for cell in row] for row in written])
    except ValueError:
        return None


def _csv_pairs(rows: Sequence[Sequence[str]], path: Path) -> Pairs:
    """Rows of a name and a number; a header is left out."""
    pairs: list[tuple[str, Any]] = []
    for number, row in enumerate(rows, start=1):
        if not row:
            continue
        if len(row) != 2:
            raise _bad(path, f"line {number} has {len(row)} cells", "write name,value", f"line {number}")
        try:
            pairs.append((row[0].strip(), parse_number(row[1])))
        except ValueError as error:
            if number > 1:
                raise _bad(path, str(error), "write name,value", f"line {number}") from None
    return pairs


def _by_columns(problem: Problem, pairs: Pairs, path: Path) -> Any:
    """An answer from values of the integer program's columns, by name, absent names are 0; in order where the names
    are numbered ones that tell nothing (``x0``, ``C1``, ``7``).
    """
    view = _column_view(problem, path)
    form = view.build()
    assert isinstance(form, MixedIntegerProgram)
    assert view.decode is not None
    count = form.size[0]
    index = {name: k for k, name in enumerate(form.columns or map(str, range(count)))}
    unknown = [name for name, _ in pairs if name not in index]
    point = np.zeros(count)
    if not unknown:
        np.add.at(point, [index[name] for name, _ in pairs], [float(value) for _, value in pairs])
    elif len(unknown) == len(pairs) == count and all(_NUMBERED.fullmatch(name) for name in unknown):
        point[:] = [float(value) for _, value in pairs]
    else:
        remedy = f"the spec's names ({', '.join(list(index)[:3])} ...), or {count} numbered ones in order"
        raise SpecError([Fault(name, "no such name in the spec", remedy) for name in unknown[:5]], str(path))
    fractional = np.flatnonzero((abs(point - np.rint(point)) > _WHOLE) & form.integer)
    if fractional.size:
        names = list(index)
        faults = [Fault(names[k], f"{point[k]:g} is not whole", "this one takes whole numbers") for k in fractional[:5]]
        raise SpecError(faults, str(path))
    return view.decode(point)


def _column_view(problem: Problem, path: Path) -> View:
    for view in problem.views():
        program = issubclass(view.form_type, MixedIntegerProgram)
        if program and view.relation is Relation.EXACT and view.decode is not None:
            return view
    raise _bad(path, f"{problem.kind} has no columns", "write the answer as JSON")


def _bad(path: Path, message: str, remedy: str, where: str = "(top)") -> SpecError:
    return SpecError([Fault(where, message, remedy)], str(path))

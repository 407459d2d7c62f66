"""Answers and models for other tools, by the name of a format; problems add formats of their own (``exports``)."""

from __future__ import annotations

import csv as tables
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualgap.core.certificate import Verdict
from dualgap.core.errors import UsageError
from dualgap.core.explain.latex import as_latex
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.problem import Problem
from dualgap.core.serialize import to_json
from dualgap.core.views import View, program_view
from dualgap.engine.run import Run
from dualgap.plugins.registry import registry
from dualgap.study.explanation import explanation


@dataclass(frozen=True)
class Exported:
    """What to write, and what it couldn't keep, for people."""

    data: bytes
    lost: str = ""


_Writer = Callable[[Problem, Run | None, str | None], Exported]


def export(problem: Problem, run: Run | None, to: str, via: str | None = None) -> Exported:
    """A run's answer, or the model, in the format ``to``.

    Args:
        problem: the closed spec.
        run: graded; None where only the model is asked for.
        to: csv, sol, mps, latex, or a format of the problem's own or of a plugin's.
        via: the view whose model is meant; the first exact integer program by default.

    Raises:
        UsageError: an unknown format or view, no answer to write, or a problem that has no such form; with a remedy.
    """
    own = problem.exports()
    if to in own:
        return Exported(own[to](_answer(run, to)))
    offered = registry().exporters
    if to in offered and to not in FORMATS:
        return Exported(offered[to].resolve()(problem, _answer(run, to)))
    if to not in FORMATS:
        known = ", ".join([*FORMATS, *own, *offered])
        raise UsageError(f"unknown format {to!r}; {problem.kind} is exported to: {known}")
    return FORMATS[to](problem, run, via)


def as_csv(data: Mapping[str, Any], number: str = "count") -> str:
    """``{field: {name: value}}`` with the columns name and ``number``, fields of lists as columns.

    Raises:
        UsageError: the answer is neither.
    """
    fields = list(data.values())
    if len(fields) == 1 and isinstance(fields[0], Mapping):
        rows: list[tuple[Any, ...]] = [("name", number), *fields[0].items()]
    elif fields and all(isinstance(field, list) and len(field) == len(fields[0]) for field in fields):
        rows = [tuple(data), *zip(*fields, strict=True)]
    else:
        raise UsageError("this answer is no table; write it to a .json file")
    text = io.StringIO()
    tables.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def as_json(problem: Problem, answer: Any) -> bytes:
    """The answer in the spec's names, as ``dualgap verify`` reads it."""
    return (json.dumps(to_json(problem.write_answer(answer)), indent=1) + "\n").encode()


def _csv(problem: Problem, run: Run | None, via: str | None) -> Exported:
    return Exported(as_csv(to_json(problem.write_answer(_answer(run, "csv"))), "value").encode())


def _sol(problem: Problem, run: Run | None, via: str | None) -> Exported:
    from dualgap.solvers.sol import sol

    answer = _answer(run, "sol")
    view = _view(problem, via, "sol")
    point = np.asarray(view.encode(answer), dtype=np.float64) if view.encode is not None else None
    if point is None:
        raise UsageError(f"the view {view.name} takes no answers; export to csv")
    certificate = run.certificate if run is not None else None
    status = "Optimal" if certificate is not None and certificate.verdict is Verdict.OPTIMAL else "Unknown"
    feasible = certificate is not None and certificate.feasible
    text, lost = sol(_form(view), point, status, feasible)
    return Exported(text.encode(), lost)


def _mps(problem: Problem, run: Run | None, via: str | None) -> Exported:
    from dualgap.solvers.mps import named_mps

    text, lost = named_mps(_form(_view(problem, via, "mps")))
    return Exported(text.encode(), lost)


def _latex(problem: Problem, run: Run | None, via: str | None) -> Exported:
    return Exported(as_latex(explanation(problem, run, via=via)).encode())


FORMATS: Mapping[str, _Writer] = {"csv": _csv, "sol": _sol, "mps": _mps, "latex": _latex}


def _answer(run: Run | None, to: str) -> Any:
    if run is None:
        raise UsageError(f"{to} holds an answer: name a run, as in dualgap export run.json --to {to}")
    if run.answer is None:
        raise UsageError(f"this run found no answer to write as {to}; solve again, with more time (--time)")
    return run.answer


def _view(problem: Problem, via: str | None, to: str) -> View:
    if via is None:
        found = program_view(problem.views())
    else:
        found = next((view for view in problem.views() if view.name == via), None)
        if found is None:
            known = ", ".join(view.name for view in problem.views()) or "none"
            raise UsageError(f"{problem.kind} has no view {via!r}; it has: {known}")
    if found is None or not issubclass(found.form_type, MixedIntegerProgram):
        others = ", ".join(name for name in (*FORMATS, *problem.exports()) if name not in ("mps", "sol"))
        where = f"the view {via} of {problem.kind}" if via else problem.kind
        raise UsageError(f"{to} holds integer programs, and {where} is none; export to {others}")
    return found


def _form(view: View) -> MixedIntegerProgram:
    form = view.build()
    assert isinstance(form, MixedIntegerProgram)
    return form

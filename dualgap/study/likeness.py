"""Which runs may be called better than which: those whose answers are of one class; and what else compares them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dualgap.core.certificate import Sense
from dualgap.core.exact import Real
from dualgap.core.figures import Section
from dualgap.core.problem import Problem
from dualgap.core.statement import format_value
from dualgap.engine.run import Run

Class = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Beside:
    """What stands beside a run's value: the class of its answer, and further metrics, by name."""

    classes: dict[str, str]
    measures: dict[str, Real]


def beside(problem: Problem, run: Run) -> Beside:
    """Of a run with an answer, infeasible ones as well; nothing of others."""
    if run.certificate is None or run.answer is None:
        return Beside({}, {})
    return Beside(dict(problem.classes(run.answer)), dict(problem.measures(run.certificate.metrics)))


def further_table(problem: Problem, runs: Sequence[Run]) -> tuple[list[str], list[list[str]]] | None:
    """(header, a row a run) of classes and metrics; None where the kind has neither."""
    found = [beside(problem, run) for run in runs]
    classes = list(dict.fromkeys(name for one in found for name in one.classes))
    measures = list(dict.fromkeys(name for one in found for name in one.measures))
    if not classes and not measures:
        return None
    rows = [
        [
            run.name,
            *(one.classes.get(name, "-") for name in classes),
            *(f"{float(one.measures[name]):.4f}" if name in one.measures else "-" for name in measures),
        ]
        for run, one in zip(runs, found)
    ]
    return ["solver", *classes, *measures], rows


def measures_section(problem: Problem, runs: Sequence[Run]) -> Section | None:
    """Classes and metrics of the answers, as a part of the report that needs no heading."""
    found = further_table(problem, runs)
    return Section(header=tuple(found[0]), rows=tuple(map(tuple, found[1]))) if found is not None else None


def like_with_like(problem: Problem, runs: Sequence[Run]) -> str:
    """The best of each class, where feasible answers are of several; empty where all are alike."""
    best: dict[Class, tuple[Real, list[str]]] = {}
    for run in runs:
        certificate = run.certificate
        if certificate is None or not certificate.feasible or certificate.value is None:
            continue
        named: Class = tuple(problem.classes(run.answer).items())
        known = best.get(named)
        if known is None or problem.sense.better(certificate.value, known[0]):
            best[named] = (certificate.value, [run.name])
        elif certificate.value == known[0]:
            known[1].append(run.name)
    if len(best) < 2:
        return ""
    ordered = sorted(best.items(), key=lambda item: item[1][0], reverse=problem.sense is Sense.MAXIMIZE)
    differing = {name for named in best for name, value in named if any((name, value) not in other for other in best)}
    told = [
        f"{', '.join(f'{name}: {value}' for name, value in named if name in differing)}: "
        f"{format_value(value)} by {' and '.join(names)}"
        for named, (value, names) in ordered
    ]
    return f"Like with like, the best are {'; '.join(told)}."

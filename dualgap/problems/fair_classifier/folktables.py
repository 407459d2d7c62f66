"""Folktables' prediction tasks on files of the American Community Survey that a user has (``psam_p06.csv``, say).

Source: Ding, Hardt, Miller and Schmidt, Retiring Adult: new datasets for fair machine learning (2021): who is kept,
what is read, and what is predicted, task by task. Codes are categories here; age, hours, income, minutes and poverty
ratio are numbers, and so is schooling, whose codes are in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver

_NUMBERS = ("AGEP", "SCHL", "WKHP", "PINCP", "JWMNP", "POVPIP")

Person = Callable[[str], float]
"""A column of the survey to a person's number in it; NaN where there is none."""


@dataclass(frozen=True)
class Task:
    """What is predicted of whom.

    Attributes:
        label: what people read; the label's column. positive: whether it holds. reads: the columns for that.
        features: columns that classifiers read. keeps: who is kept; filters: the columns for that.
    """

    label: str
    positive: Callable[[Person], bool]
    reads: str
    features: tuple[str, ...]
    keeps: Callable[[Person], bool] = lambda person: True
    filters: tuple[str, ...] = ()


_DISABILITY = ("DEAR", "DEYE", "DREM")

TASKS: Mapping[str, Task] = {
    "ACSIncome": Task(
        "income over 50,000",
        lambda person: person("PINCP") > 50_000,
        "PINCP",
        ("AGEP", "COW", "SCHL", "MAR", "OCCP", "POBP", "RELP", "WKHP", "SEX", "RAC1P"),
        lambda person: person("AGEP") > 16 and person("PINCP") > 100 and person("WKHP") > 0 and person("PWGTP") >= 1,
        ("AGEP", "PINCP", "WKHP", "PWGTP"),
    ),
    "ACSEmployment": Task(
        "employed",
        lambda person: person("ESR") == 1,
        "ESR",
        (
            "AGEP",
            "SCHL",
            "MAR",
            "RELP",
            "DIS",
            "ESP",
            "CIT",
            "MIG",
            "MIL",
            "ANC",
            "NATIVITY",
            *_DISABILITY,
            "SEX",
            "RAC1P",
        ),
    ),
    "ACSPublicCoverage": Task(
        "public health insurance",
        lambda person: person("PUBCOV") == 1,
        "PUBCOV",
        (
            "AGEP",
            "SCHL",
            "MAR",
            "SEX",
            "DIS",
            "ESP",
            "CIT",
            "MIG",
            "MIL",
            "ANC",
            "NATIVITY",
            *_DISABILITY,
            "PINCP",
            "ESR",
            "ST",
            "FER",
            "RAC1P",
        ),
        lambda person: person("AGEP") < 65 and person("PINCP") <= 30_000,
        ("AGEP", "PINCP"),
    ),
    "ACSMobility": Task(
        "same residence a year ago",
        lambda person: person("MIG") == 1,
        "MIG",
        (
            "AGEP",
            "SCHL",
            "MAR",
            "SEX",
            "DIS",
            "ESP",
            "CIT",
            "MIL",
            "ANC",
            "NATIVITY",
            "RELP",
            *_DISABILITY,
            "RAC1P",
            "GCL",
            "COW",
            "ESR",
            "WKHP",
            "JWMNP",
            "PINCP",
        ),
        lambda person: 18 < person("AGEP") < 35,
        ("AGEP",),
    ),
    "ACSTravelTime": Task(
        "commute over 20 minutes",
        lambda person: person("JWMNP") > 20,
        "JWMNP",
        (
            "AGEP",
            "SCHL",
            "MAR",
            "SEX",
            "DIS",
            "ESP",
            "MIG",
            "RELP",
            "RAC1P",
            "PUMA",
            "ST",
            "CIT",
            "OCCP",
            "JWTR",
            "POWPUMA",
            "POVPIP",
        ),
        lambda person: person("AGEP") > 16 and person("PWGTP") >= 1 and person("ESR") == 1,
        ("AGEP", "PWGTP", "ESR"),
    ),
}


def read(said: Mapping[str, Any], resolver: Resolver) -> tuple[dict[str, list[Any]], str, list[str]]:
    """(columns of the people who are kept, the label's column, the columns that are categories).

    Args:
        said: ``{file = ..., type = "folktables", task = ...}``.

    Raises:
        SpecError: an unknown task or field, or a file without the columns of the task.
    """
    faults = [Fault(f"data.{name}", "unknown field", "known fields: file, type, task") for name in said]
    faults = [fault for fault in faults if fault.path not in ("data.file", "data.type", "data.task")]
    if said.get("type") != "folktables":
        faults.append(Fault("data.type", f"{shown(said.get('type'))} is no type of file", 'type = "folktables"'))
    if said.get("task") not in TASKS:
        faults.append(Fault("data.task", f"{shown(said.get('task'))} is no task", f"one of {', '.join(TASKS)}"))
    if faults:
        raise SpecError(faults)
    task = TASKS[said["task"]]
    table = resolver.cells(said.get("file"), "data.file")
    wanted = dict.fromkeys((*task.features, task.reads, *task.filters))
    missing = [name for name in wanted if name not in table]
    if missing:
        remedy = "files of the survey's people, psam_pXX.csv, have it"
        raise SpecError([Fault("data.file", f"no column {name}", remedy) for name in missing])
    return _people(task, table), task.label, [name for name in task.features if name not in _NUMBERS]


def _people(task: Task, table: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    numbers = {name: [_number(cell) for cell in table[name]] for name in dict.fromkeys((task.reads, *task.filters))}
    count = len(table[task.reads])
    kept = [k for k in range(count) if task.keeps(lambda name, k=k: numbers[name][k])]  # type: ignore[misc]
    columns = {name: [table[name][k] for k in kept] for name in task.features}
    columns[task.label] = [int(task.positive(lambda name, k=k: numbers[name][k])) for k in kept]  # type: ignore[misc]
    return columns


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return float("nan")

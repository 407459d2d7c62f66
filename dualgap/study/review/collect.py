"""What a report is about: the runs of a store or of saved files, held against each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from dualgap.core.certificate import Evidence, Sense
from dualgap.core.errors import Fault, SpecError, UsageError
from dualgap.core.solver import Trait
from dualgap.engine.run import SCHEMA_VERSION, certificate_from_data
from dualgap.plugins.registry import registry
from dualgap.study.joint import LIES
from dualgap.study.statistics.field import Entry, Instance, entries, instances
from dualgap.study.statistics.traces import Point
from dualgap.study.sweep.cases import Outcome
from dualgap.study.sweep.store import Store

_MEMORY = Path(":memory:")


@dataclass(frozen=True)
class Whole:
    """What a run has beside its columns."""

    certificate: Mapping[str, Any] = field(default_factory=dict)
    trace: Sequence[Point] = ()
    lies: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True)
class Review:
    """Runs beside each other.

    Attributes:
        entries: every run, in the store's order.
        known: what all runs together know, by instance.
        wholes: by key. verified: the tightest verified bound of each run that has one, by key.
        exact: whether a solver ends with an optimum if it is given the time, by label; None where nobody knows it.
        gap: the relative gap within which an instance counts as solved.
    """

    entries: tuple[Entry, ...]
    known: Mapping[str, Instance]
    wholes: Mapping[str, Whole]
    verified: Mapping[str, float]
    exact: Mapping[str, bool | None]
    gap: float

    @property
    def solvers(self) -> list[str]:
        return sorted({entry.solver for entry in self.entries})

    def whole(self, entry: Entry) -> Whole:
        return self.wholes[entry.row["key"]]

    def of(self, solver: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.solver == solver]

    def caught(self) -> list[str]:
        """Every wrong claim, one English clause each."""
        found = []
        for entry in self.entries:
            where = f" ({entry.row['instance']})" if len(self.known) > 1 else ""
            reasons = [entry.refutation] if entry.refutation else []
            found += [f"{entry.solver}{where} {reason}" for reason in reasons]
            found += [f"{entry.solver}{where}, {lie}" for lie in self.whole(entry).lies]
        return found


def review(store: Store, gap: float) -> Review:
    """All runs of a store.

    Raises:
        UsageError: it has none.
    """
    rows = _labelled(list(store.rows()))
    if not rows:
        raise UsageError(f"{store.path} has no runs yet: dualgap sweep PLAN.toml --store {store.path} makes them")
    wholes, verified, senses = {}, {}, {}
    for row in rows:
        data = store.run(row["key"])
        certificate = data.get("certificate") or {}
        lies = tuple(f"{c['name']}: {c['detail']}" for c in data.get("checks") or () if _is_lie(c))
        wholes[row["key"]] = Whole(certificate, data.get("trace") or (), lies, data.get("message") or "")
        if certificate:
            sense = senses[row["problem"]] = Sense(certificate["sense"])
            bounds = list(_verified(certificate))
            if bounds:
                verified[row["key"]] = min(bounds) if sense is Sense.MAXIMIZE else max(bounds)
    found = entries(rows, senses, verified)
    exact = {entry.solver: _is_exact(entry.row["solver"]) for entry in found}
    return Review(tuple(found), instances(rows, senses, verified), wholes, verified, exact, gap)


def saved(paths: Sequence[Path]) -> Store:
    """Runs that ``solve -o`` has written, as a store in memory.

    Raises:
        SpecError: one of them is no run.
    """
    store = Store.open(_MEMORY)
    for path in paths:
        data = _read(path)
        key = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
        problem = data["problem"]
        name = Path(str(problem["spec"])).name if "spec" in problem else f"{problem['kind']} {problem['hash'][:8]}"
        name += "".join(f" {field}={value}" for field, value in (problem.get("set") or {}).items())
        try:
            store.add(Outcome(key, data, name, None, 0.0, ""), "saved runs")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            store.close()
            raise _damaged(path, f"{type(error).__name__}: {error}") from None
    return store


def _read(path: Path) -> dict[str, Any]:
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from None
    problem = data.get("problem") if isinstance(data, dict) else None
    if not isinstance(problem, dict) or not {"kind", "hash"} <= problem.keys() or "solver" not in data:
        raise _damaged(path, "there is no problem or no solver in it")
    version = data.get("schema_version")
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise _damaged(path, f"schema_version {version} isn't one up to {SCHEMA_VERSION}")
    if data.get("certificate"):
        certificate_from_data(data["certificate"])
    points = data.get("trace") or ()
    if not all(isinstance(point, list) and len(point) >= 3 and _is_number(point[0]) for point in points):
        raise _damaged(path, "its trace isn't of [seconds, value, bound]")
    return dict(data)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _damaged(path: Path, reason: str) -> SpecError:
    remedy = "name a store that dualgap sweep made, or files that dualgap solve -o wrote"
    return SpecError([Fault("(top)", f"not a run: {reason}", remedy)], str(path))


def _labelled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Solvers that ran under several budgets become one for each: their times mean different things."""
    budgets = {row["budget"]: json.loads(row["budget"]) for row in rows if row["verdict"] != "refused"}
    several = [
        name for name in ("time", "gap", "threads", "memory") if len({b.get(name) for b in budgets.values()}) > 1
    ]
    if not several:
        return rows
    marks = {
        text: ", ".join(f"{name}={budget[name]:g}" for name in several if budget.get(name) is not None)
        for text, budget in budgets.items()
    }
    return [{**row, "label": f"{row['label']} {marks.get(row['budget'], '')}".strip()} for row in rows]


def _verified(certificate: Mapping[str, Any]) -> Iterator[float]:
    for bound in certificate.get("bounds") or ():
        value = float(bound["value"])
        if Evidence(bound["evidence"]).verified and isfinite(value):
            yield value


def _is_lie(check: Mapping[str, Any]) -> bool:
    return not check["passed"] and str(check["name"]).startswith(LIES)


def _is_exact(solver: str) -> bool | None:
    """By the solver's own traits; None where it isn't installed here."""
    entry = registry().solvers.get(solver)
    return Trait.EXACT in entry.resolve().traits if entry is not None else None

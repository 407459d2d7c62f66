"""The runs of a store, held against each other: what each is worth beside the best that is known of its instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from dualgap.core.certificate import Evidence, Sense
from dualgap.core.statement import format_value

TOLERANCE = 1e-9  # relative: differences that are rounding


@dataclass(frozen=True)
class Entry:
    """A run beside the others on its instance.

    Attributes:
        row: its columns in the store.
        certified: its own relative gap, from its own bound; infinite where there is none.
        true: the relative gap to the best proved bound of any run on the instance; infinite where there is none, or no
            answer.
        behind: the relative distance from the best verified value; infinite without an answer.
        refutation: what of its claims is wrong, and why; empty where nothing is.
    """

    row: Mapping[str, Any]
    certified: float
    true: float
    behind: float
    refutation: str = ""

    @property
    def contradicted(self) -> bool:
        return bool(self.refutation)

    @property
    def solver(self) -> str:
        return str(self.row["label"])

    @property
    def instance(self) -> str:
        """The closed spec's hash: what runs are compared on; the instance's name where it couldn't be loaded."""
        return _instance(self.row)

    @property
    def verified(self) -> bool:
        """Whether there is a verified feasible answer, and no claim of the run is refuted."""
        return bool(self.row["feasible"]) and not self.contradicted

    @property
    def failed(self) -> bool:
        return bool(self.row["verdict"] == "error")

    @property
    def refused(self) -> bool:
        return bool(self.row["verdict"] == "refused")

    def solved(self, gap: float) -> bool:
        """Whether a verified answer is within the relative gap of the best proved bound, or else of the best answer.

        Where nobody has proved a bound, the best verified answer stands in for it: reports say on how many instances.
        """
        return self.verified and min(self.true, self.behind if self.true == float("inf") else self.true) <= gap


@dataclass(frozen=True)
class Instance:
    """What is known of an instance: its best verified value, and the best proved bound."""

    value: float | None
    bound: float | None
    sense: Sense


def entries(
    rows: Iterable[Mapping[str, Any]], senses: Mapping[str, Sense], verified: Mapping[str, float] | None = None
) -> list[Entry]:
    """Every run beside those on the same instance.

    Args:
        rows: of a store.
        senses: by the problem's hash, or by kind.
        verified: the best verified bound by the run's key, where it isn't the column's: runs whose verdict rests on a
            claim may have proved a weaker one.
    """
    listed = list(rows)
    known = instances(listed, senses, verified)
    return [_entry(row, known[_instance(row)]) for row in listed]


def instances(
    rows: Iterable[Mapping[str, Any]], senses: Mapping[str, Sense], verified: Mapping[str, float] | None = None
) -> dict[str, Instance]:
    """What all runs together know of each instance (see ``entries``)."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(_instance(row), []).append(row)
    return {key: _known(group, _sense(group[0], senses), verified or {}) for key, group in groups.items()}


def _instance(row: Mapping[str, Any]) -> str:
    return str(row["problem"] or row["instance"])


def _sense(row: Mapping[str, Any], senses: Mapping[str, Sense]) -> Sense:
    return senses.get(row["problem"], senses.get(row["kind"], Sense.MINIMIZE))


def _known(rows: Sequence[Mapping[str, Any]], sense: Sense, verified: Mapping[str, float]) -> Instance:
    best = min if sense is Sense.MINIMIZE else max
    tightest = max if sense is Sense.MINIMIZE else min
    values = [row["value"] for row in rows if row["feasible"] and row["value"] is not None]
    proved = [row["bound"] for row in rows if row["bound"] is not None and Evidence(row["evidence"]).verified]
    proved += [verified[row["key"]] for row in rows if row.get("key") in verified]
    return Instance(best(values, default=None), tightest(filter(isfinite, proved), default=None), sense)


def _entry(row: Mapping[str, Any], known: Instance) -> Entry:
    inf = float("inf")
    value = row["value"] if row["feasible"] else None
    own = row["relative_gap"] if value is not None and row["relative_gap"] is not None else inf
    true = inf if value is None or known.bound is None else _gap(value, known.bound)
    behind = inf if value is None or known.value is None else _gap(value, known.value)
    return Entry(row, float(own), true, behind, _refutation(row, known))


def _refutation(row: Mapping[str, Any], known: Instance) -> str:
    """What verified results say against a run's claims."""
    if row["verdict"] == "violated":
        return "hands in an infeasible answer as a feasible one"
    if known.value is not None:
        shown = f"{format_value(known.value)} is feasible"
        if row["verdict"] in ("infeasible", "claimed-infeasible"):
            return f"says infeasible, and {shown}"
        if row["bound"] is not None and row["evidence"] == Evidence.CLAIMED:
            ahead = known.value - row["bound"] if known.sense is Sense.MAXIMIZE else row["bound"] - known.value
            if ahead > TOLERANCE * max(abs(known.value), abs(row["bound"]), 1e-12) + 1e-6 * abs(known.value):
                limit = "at most" if known.sense is Sense.MAXIMIZE else "at least"
                return f"claims the bound {limit} {format_value(row['bound'])}, and {shown}"
    if known.bound is not None and row["verdict"] in ("unbounded", "claimed-unbounded"):
        return f"says unbounded, and the bound {format_value(known.bound)} is verified"
    return "makes a claim that its own answer refutes" if row["verdict"] == "contradicted" else ""


def _gap(value: float, other: float) -> float:
    """The relative distance, 0 where it is rounding."""
    found = abs(value - other) / max(abs(value), abs(other), 1e-12)
    return 0.0 if found <= TOLERANCE else found

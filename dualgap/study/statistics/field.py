"""The runs of a store, held against each other: what each is worth beside the best that is known of its instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dualgap.core.certificate import Evidence, Sense

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
        contradicted: its claimed bound is beaten by a verified answer.
    """

    row: Mapping[str, Any]
    certified: float
    true: float
    behind: float
    contradicted: bool

    @property
    def solver(self) -> str:
        return str(self.row["label"])

    @property
    def instance(self) -> str:
        """The closed spec's hash: what runs are compared on."""
        return str(self.row["problem"])

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


def entries(rows: Iterable[Mapping[str, Any]], senses: Mapping[str, Sense]) -> list[Entry]:
    """Every run beside those on the same instance.

    Args:
        rows: of a store.
        senses: by kind.
    """
    listed = list(rows)
    by_problem: dict[str, list[Mapping[str, Any]]] = {}
    for row in listed:
        by_problem.setdefault(row["problem"], []).append(row)
    known = {key: _known(group, senses.get(group[0]["kind"], Sense.MINIMIZE)) for key, group in by_problem.items()}
    return [_entry(row, known[row["problem"]]) for row in listed]


def _known(rows: Sequence[Mapping[str, Any]], sense: Sense) -> Instance:
    best = min if sense is Sense.MINIMIZE else max
    tightest = max if sense is Sense.MINIMIZE else min
    values = [row["value"] for row in rows if row["feasible"] and row["value"] is not None]
    proved = [row["bound"] for row in rows if row["bound"] is not None and Evidence(row["evidence"]).verified]
    return Instance(best(values, default=None), tightest(proved, default=None), sense)


def _entry(row: Mapping[str, Any], known: Instance) -> Entry:
    inf = float("inf")
    value = row["value"] if row["feasible"] else None
    own = row["relative_gap"] if value is not None and row["relative_gap"] is not None else inf
    true = inf if value is None or known.bound is None else _gap(value, known.bound)
    behind = inf if value is None or known.value is None else _gap(value, known.value)
    refuted = row["verdict"] in ("contradicted", "violated")
    if row["bound"] is not None and known.value is not None and row["evidence"] == Evidence.CLAIMED:
        ahead = known.value - row["bound"] if known.sense is Sense.MAXIMIZE else row["bound"] - known.value
        refuted |= ahead > TOLERANCE * max(abs(known.value), abs(row["bound"]), 1e-12) + 1e-6 * abs(known.value)
    return Entry(row, float(own), true, behind, bool(refuted))


def _gap(value: float, other: float) -> float:
    """The relative distance, 0 where it is rounding."""
    found = abs(value - other) / max(abs(value), abs(other), 1e-12)
    return 0.0 if found <= TOLERANCE else found

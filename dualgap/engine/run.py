"""``Run``: everything about one run, as an object and as JSON."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dualgap.core.audit import Audit
from dualgap.core.certificate import Certificate, Check
from dualgap.core.claim import Scalar, Start, Stop, TracePoint
from dualgap.core.errors import Fault, InvalidWitnessError, SpecError, UsageError
from dualgap.core.exact import Real, nearest
from dualgap.core.problem import Problem
from dualgap.core.serialize import from_json, read_fraction, to_json
from dualgap.core.witness import Unreadable, Witness
from dualgap.engine.infeasibility.findings import Direction, Infeasibility, plain_data

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Attempt:
    """One of the solvers that dispatch tried or a portfolio ran; ``gave`` says what of the joint result is its own."""

    solver: str
    reason: str
    verdict: str
    value: Real | None = None
    bound: Real | None = None
    seconds: float = 0.0
    gave: str = ""


@dataclass(frozen=True)
class Run:
    """A run and its certificate. ``refused`` or ``error`` say why there is no certificate.

    ``source`` is where the spec was read, if it was: ``spec``, its path, and ``set``, what was set beside it.
    ``problem`` is the closed spec, which files don't keep.
    """

    kind: str
    problem_hash: str
    solver: str
    source: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    route: tuple[str, ...] = ()
    answer: Any = None
    answer_data: Mapping[str, Any] | None = None
    certificate: Certificate | None = None
    witness: Witness | None = None
    stop: Stop | None = None
    message: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_memory: int = 0
    budget: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    isolated: bool = True
    checks: tuple[Check, ...] = ()
    trace: tuple[TracePoint, ...] = ()
    statistics: Mapping[str, Scalar] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    artefacts: Mapping[str, str] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = ()
    conflict: tuple[str, ...] = ()
    start: Start | None = None
    audits: tuple[Audit, ...] = ()
    infeasibility: Infeasibility | None = None
    direction: Direction | None = None
    refused: str = ""
    error: str = ""
    problem: Problem | None = field(default=None, repr=False, compare=False)

    @property
    def predictor(self) -> Any:
        """What predicts other tables as the answer does, where answers are classifiers.

        Raises:
            UsageError: they aren't, or there is none.
        """
        if self.problem is None or not hasattr(self.problem, "predictor"):
            raise UsageError(f"an answer of {self.kind} predicts nothing")
        if self.answer is None:
            raise UsageError("this run found no answer")
        return self.problem.predictor(self.answer)

    @property
    def name(self) -> str:
        """The label where one was given, else the solver."""
        return self.label or self.solver

    @property
    def requested_gap(self) -> float:
        """The relative gap at which the solver was told to stop."""
        gap = self.budget.get("gap")
        return nearest(gap) if isinstance(gap, int | float) and gap > 0 else 0.0

    @property
    def exit_code(self) -> int:
        if self.certificate is None:
            return 3 if self.refused else 4
        return self.certificate.verdict.exit_code

    def data(self, sidecars: Path | None = None) -> dict[str, Any]:
        """The run as strict JSON data; large arrays go to ``sidecars`` where a folder is given."""
        plain = {
            "schema_version": SCHEMA_VERSION,
            "problem": {"kind": self.kind, "hash": self.problem_hash, **self.source},
            "solver": self.solver,
            "parameters": dict(self.parameters),
            "label": self.label,
            "route": list(self.route),
            "answer": self.answer_data,
            "certificate": _certificate_data(self.certificate),
            "witness": self.witness.pack() if self.witness is not None else None,
            "stop": self.stop,
            "message": self.message,
            "seconds": {name: round(value, 6) for name, value in self.seconds.items()},
            "peak_memory": self.peak_memory,
            "budget": dict(self.budget),
            "seed": self.seed,
            "isolated": self.isolated,
            "checks": [dataclasses.asdict(check) for check in self.checks],
            "trace": [_written(point) for point in self.trace],
            "statistics": dict(self.statistics),
            "versions": dict(self.versions),
            "artefacts": dict(self.artefacts),
            "attempts": [
                {**dataclasses.asdict(a), "value": _number(a.value), "bound": _number(a.bound)} for a in self.attempts
            ],
            "conflict": list(self.conflict),
            "start": dataclasses.asdict(self.start) if self.start is not None else None,
            "audits": [dataclasses.asdict(audit) for audit in self.audits],
            "infeasibility": plain_data(self.infeasibility),
            "direction": plain_data(self.direction),
        }
        for name in ("refused", "error"):
            if getattr(self, name):
                plain[name] = getattr(self, name)
        strict: dict[str, Any] = to_json(plain, sidecars)
        return strict

    def __str__(self) -> str:
        """The certificate's sentence, else why there is none."""
        said = self.certificate.statement if self.certificate is not None else ""
        return f"{self.name}: {said or self.refused or self.message or self.stop}"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from dualgap.engine.notebook import run_card

        return run_card(self)

    def json(self) -> str:
        """One line of JSON, whole."""
        return json.dumps(self.data(), ensure_ascii=False, allow_nan=False)

    def save(self, path: Path) -> None:
        """Writes ``path`` whole or not at all; large arrays go to ``<path>.arrays/`` beside it.

        The file names its spec as seen from its own folder.
        """
        data = self.data(path.with_suffix(".arrays"))
        if "spec" in self.source:
            data["problem"]["spec"] = os.path.relpath(self.source["spec"], path.parent)
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)
        partial = path.with_name(path.name + ".partial")
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(path)


def read_run(path: Path, problem: Problem) -> Run:
    """A saved run; unknown keys are ignored.

    Raises:
        SpecError: not a run, of a newer schema, or of another problem.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SpecError([Fault("(top)", f"not a run: {error}", "name a file written by solve -o")], str(path)) from None
    return run_from_data(from_json(raw, path.with_suffix(".arrays")), problem, str(path))


def run_from_data(raw: Any, problem: Problem, source: str) -> Run:
    """A run from its JSON data (see ``read_run``)."""
    if not isinstance(raw, dict) or "schema_version" not in raw or "problem" not in raw:
        raise SpecError([Fault("schema_version", "missing", "name a file written by solve -o")], source)
    version = raw["schema_version"]
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise SpecError(
            [Fault("schema_version", f"{version} is newer than {SCHEMA_VERSION}", "update dualgap")], source
        )
    if raw["problem"].get("hash") != problem.digest():
        raise SpecError(
            [Fault("problem.hash", "this run is of another problem", "give the spec it was made from")], source
        )
    answer, witness = raw.get("answer"), raw.get("witness")
    fields = {
        **raw,
        "kind": problem.kind,
        "problem_hash": problem.digest(),
        "problem": problem,
        "source": {name: raw["problem"][name] for name in ("spec", "set") if name in raw["problem"]},
        "answer": problem.read_answer(answer) if answer is not None else None,
        "answer_data": answer,
        "witness": _witness(witness) if witness else None,
        "certificate": _with_exact_numbers(raw.get("certificate")),
        "trace": [dict(zip(("seconds", "value", "bound", "iterations"), point)) for point in raw.get("trace") or ()],
    }
    run: Run = _validated(Run, fields, source)
    return run


def _witness(data: Any) -> Witness:
    """A witness from its JSON data; of one that can't be read, the reason."""
    try:
        return Witness.unpack(data)
    except InvalidWitnessError as error:
        return Unreadable(reason=str(error))


_NUMBERS = ("value", "bound", "gap")
_SHOWN = 5


def _written(point: TracePoint) -> list[int | float | None]:
    """[seconds, value, bound], and the iterations where they are counted."""
    moment = [round(point.seconds, 6), _number(point.value), _number(point.bound)]
    return moment if point.iterations is None else [*moment, point.iterations]


def _number(value: Real | None) -> int | float | None:
    """A JSON number: whole fractions as ints, others as the nearest float (the exact value stands in ``exact``)."""
    return nearest(value) if isinstance(value, Fraction) and value.denominator > 1 else value  # type: ignore[return-value]


def _certificate_data(certificate: Certificate | None) -> dict[str, Any] | None:
    if certificate is None:
        return None
    data = {f.name: getattr(certificate, f.name) for f in dataclasses.fields(certificate)}
    exact = {
        name: str(data[name]) for name in _NUMBERS if isinstance(data[name], Fraction) and data[name].denominator > 1
    }
    data.update({name: _number(data[name]) for name in _NUMBERS})
    data["violations"] = {name: _number(amount) for name, amount in certificate.violations.items()}
    data["bounds"] = [{**dataclasses.asdict(bound), "value": _number(bound.value)} for bound in certificate.bounds]
    data["metrics"] = {
        split: {name: _number(value) for name, value in metrics.items()}
        for split, metrics in certificate.metrics.items()
    }
    if exact:
        data["exact"] = exact
    return data


def certificate_from_data(data: Any) -> Certificate:
    """A certificate from its JSON data, exact numbers restored.

    Raises:
        SpecError: it isn't one.
    """
    certificate: Certificate = _validated(Certificate, _with_exact_numbers(data), "certificate")
    return certificate


def _with_exact_numbers(data: Any) -> Any:
    exact = data.get("exact") if isinstance(data, Mapping) else None
    if not isinstance(exact, Mapping):
        return data
    return {**data, **{name: read_fraction(text) for name, text in exact.items()}}


def _validated(cls: type, fields: Any, source: str) -> Any:
    """A dataclass from plain data; what it doesn't know is left out."""
    try:
        return TypeAdapter(cls).validate_python(fields)
    except ValidationError as error:
        found = [
            Fault(".".join(map(str, item["loc"])) or "(top)", f"damaged: {item['msg']}", "write it again with solve -o")
            for item in error.errors(include_url=False)[:_SHOWN]
        ]
        raise SpecError(found, source) from None

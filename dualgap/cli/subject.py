"""What ``explain`` and ``export`` are about: a spec, a run that names its spec, or a spec and somebody's answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dualgap.cli.inputs import STDIN, Given, read_problem
from dualgap.core.errors import UsageError
from dualgap.engine.run import Run


@dataclass(frozen=True)
class Subject:
    """A closed problem, and a run on it whose every number has been recomputed."""

    given: Given
    run: Run | None = None


def read_subject(subject: str, answer: Path | None, settings: Sequence[str] | None, seed: int, command: str) -> Subject:
    """Reads a spec (and an answer to it, or a run), or a run alone, whose file names the spec.

    Raises:
        SpecError: a file can't be read; with the place. UsageError: the run names no spec, or ``--set`` goes with one.
    """
    from dualgap.study.grade import grade

    said = _run_file(Path(subject)) if answer is None and subject != STDIN else None
    if said is None:
        given = read_problem(subject, settings, seed)
        return Subject(given, grade(given.problem, answer) if answer is not None else None)
    if settings:
        raise UsageError(f"--set changes a spec, and {subject} is a run; name the spec first, then the run")
    path = Path(subject)
    spec = said.get("spec")
    if not isinstance(spec, str):
        raise UsageError(f"{subject} doesn't name its spec; write dualgap {command} SPEC {subject}")
    found = path.parent / spec
    if not found.is_file():
        raise UsageError(f"{subject} is about {found}, which isn't there; write dualgap {command} SPEC {subject}")
    recorded = said.get("set")
    pairs = [f"{name}={value}" for name, value in recorded.items()] if isinstance(recorded, dict) else []
    given = read_problem(str(found), pairs, said.get("seed", 0))
    return Subject(given, grade(given.problem, path))


def _run_file(path: Path) -> dict[str, Any] | None:
    """What a run's file says of its problem, and its seed; None for any other file."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None  # whatever reads it as a spec says what is wrong
    if not isinstance(data, dict) or "schema_version" not in data or not isinstance(data.get("problem"), dict):
        return None
    seed = data.get("seed")
    return {**data["problem"], "seed": seed if isinstance(seed, int) and seed >= 0 else 0}

"""Answers in files of their own: what ``--answer`` writes and ``--start`` reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dualgap.cli.screen import complain
from dualgap.core.errors import UsageError
from dualgap.core.problem import Problem
from dualgap.core.serialize import to_json
from dualgap.engine.run import Run


def write_answer(run: Run, path: Path) -> None:
    """Writes a run's answer: JSON, or CSV where the name ends in ``.csv``; a complaint where there is none.

    Raises:
        UsageError: the answer has no form as a table.
    """
    if run.answer_data is None:
        complain(f"no answer to write to {path}")
        return
    from dualgap.study.export import as_csv

    data = to_json(run.answer_data)
    text = as_csv(data) if path.suffix == ".csv" else json.dumps(data, ensure_ascii=False, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")


def read_start(problem: Problem, path: Path | None) -> Any:
    """The answer in a file to start from, or the run in it, whose multipliers are of use too; or None.

    Raises:
        SpecError: it can't be read as an answer to this problem. UsageError: the run has nothing to start from.
    """
    if path is None:
        return None
    from dualgap.study.answers import read_given

    given = read_given(problem, path)
    if isinstance(given, Run) and given.answer is None and given.witness is None:
        raise UsageError(f"--start {path}: this run found nothing to start from")
    return given

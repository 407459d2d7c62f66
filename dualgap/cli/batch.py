"""``dualgap solve --batch FILE``: a summary for people, columns for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dualgap.cli.inputs import STDIN, check_ending, check_writable, split_settings
from dualgap.cli.screen import show, show_json, table
from dualgap.core.errors import UsageError
from dualgap.core.specs import override
from dualgap.core.statement import format_gap
from dualgap.engine.batch import BatchRun, solve_batch
from dualgap.engine.batch_files import ENDINGS, write_columns
from dualgap.engine.load import read_any
from dualgap.engine.prepare import prepare


def run_batch(
    spec: str,
    file: Path,
    solver: str | None,
    parameters: dict[str, Any],
    settings: list[str] | None,
    *,
    time: float,
    gap: float,
    json: bool,
    output: Path | None,
) -> None:
    """Solves the batch, prints it, and writes it to ``output``.

    Raises:
        UsageError, SpecError: the spec, the file or an option is at fault.
    """
    check_ending(output, *ENDINGS)
    check_writable(output)
    if spec == STDIN:
        raise UsageError("a batch's spec is a file: it gives the kind and the fields that all instances share")
    shared = override(read_any(Path(spec)), split_settings(settings or ()))
    kind = str(shared.pop("kind", ""))
    chosen = prepare(solver or "greedy", parameters).instance
    run = solve_batch(file, chosen, kind=kind, shared=shared, time=time, gap=gap)
    if output is not None:
        write_columns(output, columns(run))
    if json:
        rows = {name: [_plain(x) for x in column.tolist()] for name, column in columns(run).items() if column.ndim == 1}
        show_json({**run.summary(), "columns": rows})
        return
    show(_table(run))


def columns(run: BatchRun) -> dict[str, np.ndarray]:
    """What is written of a batch, one row an instance."""
    found = run.certificates
    return {
        "answers": run.answers,
        "values": found.values,
        "bounds": found.bounds,
        "gaps": found.gaps,
        "relative_gaps": found.relative_gaps,
        "verdicts": found.verdicts.astype("U20"),
        "evidence": found.evidence.astype("U20"),
    }


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _table(run: BatchRun) -> Any:
    summary = run.summary()
    gaps = summary["relative_gap"]
    rows = [("solver", run.solver), ("instances", f"{len(run.answers):,}")]
    rows += [(verdict, f"{count:,}") for verdict, count in summary["verdicts"].items()]
    rows += [(f"certified gap, {name}", format_gap(value)) for name, value in gaps.items()]
    rows.append(("instances a CPU second", f"{run.rate:,.0f}"))
    rows += [(f"{name}, CPU seconds", f"{seconds:.3g}") for name, seconds in run.seconds.items()]
    return table(("batch", ""), rows, right=("",))

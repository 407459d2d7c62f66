"""``dualgap sweep``: instances x solvers x parameters x budgets x seeds, kept in a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dualgap.cli.options import Json, Plugins

if TYPE_CHECKING:
    from dualgap.study.sweep.cases import Outcome
    from dualgap.study.sweep.plan import Plan
    from dualgap.study.sweep.run import Grid, Progress
    from dualgap.study.sweep.store import Store

app = typer.Typer(add_completion=False)

_EVERY = 20  # messages where stderr is no terminal


@app.command()
def sweep(
    plan: Annotated[Path, typer.Argument(metavar="PLAN.toml", help="What to run; examples/sweep.toml shows one.")],
    store: Annotated[Path, typer.Option("--store", metavar="FILE", help="Where the runs are kept.")] = Path("runs.db"),
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, metavar="N", help="Runs at a time.")] = 1,
    engine: Annotated[
        str, typer.Option("--engine", metavar="ENGINE", help="joblib, dask or dask://HOST:PORT.")
    ] = "joblib",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would run, and for how long.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Run only what the store doesn't have.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Run everything, in place of what the store has.")] = False,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write the store as .csv or .parquet, too.")
    ] = None,
    json: Json = False,
    plugin: Plugins = None,
) -> None:
    """Run a plan: many instances, many solvers; every run lands in the store as it ends."""
    from dualgap.cli.inputs import check_ending, check_writable
    from dualgap.core.errors import UsageError
    from dualgap.study.sweep.engines import engine as named
    from dualgap.study.sweep.export import write_table
    from dualgap.study.sweep.plan import read_plan
    from dualgap.study.sweep.run import grid
    from dualgap.study.sweep.run import sweep as run_sweep
    from dualgap.study.sweep.store import Store

    if resume and again:
        raise UsageError("--resume keeps what the store has, --again replaces it: not both")
    check_writable(export)
    check_ending(export, ".csv", ".parquet")
    asked, runner = read_plan(plan), named(engine, jobs)
    if dry_run:
        known = Store.open(store) if store.is_file() else None
        try:
            _print_grid(asked, grid(asked, plan.parent, known), known, jobs, json)
        finally:
            if known is not None:
                known.close()
        return
    with Store.open(store) as opened:
        found = grid(asked, plan.parent, opened)
        total = len(found.jobs if again else found.missing)
        interrupted = False
        with _watching(total) as watch:
            try:
                run_sweep(found, opened, runner, name=asked.name, resume=resume, again=again, on_run=watch)
            except KeyboardInterrupt:
                interrupted = True
        if export is not None:
            write_table(opened, export)
        _print_summary(asked, opened, found, store, interrupted, json)
    if interrupted:
        raise typer.Exit(130)


def _print_grid(plan: Plan, found: Grid, store: Store | None, jobs: int, json: bool) -> None:
    """The grid, and how long it takes at most."""
    from dualgap.cli.screen import facts, show, show_json
    from dualgap.study.sweep.run import expected

    likely = expected(found, store) if store is not None else None
    solvers = list(dict.fromkeys(job.case.label or job.case.solver for job in found.jobs))
    if json:
        data = {"runs": len(found.jobs), "missing": len(found.missing), "instances": found.instances}
        show_json({**data, "solvers": solvers, "longest_seconds": found.longest / jobs, "expected_seconds": likely})
        return
    rows = [
        ("plan", plan.name),
        ("runs", f"{len(found.jobs):,}: {found.instances:,} instances, {len(solvers)} solvers with their parameters"),
        ("solvers", ", ".join(solvers)),
        ("in the store", f"{len(found.jobs) - len(found.missing):,}"),
        ("takes at most", f"{_duration(found.longest / jobs)}, {jobs} at a time"),
    ]
    if likely is not None:
        rows.append(("as runs so far", _duration(likely / jobs)))
    show(facts(rows))


def _print_summary(plan: Plan, store: Store, found: Grid, path: Path, interrupted: bool, json: bool) -> None:
    """How many runs of each solver ended how."""
    from collections import Counter

    from dualgap.cli.screen import show, show_json, table, tell

    keys = {job.key for job in found.jobs}
    counts: dict[str, Counter[str]] = {}
    for row in store.rows():
        if row["key"] in keys:
            counts.setdefault(row["label"], Counter())[row["verdict"]] += 1
    done = sum(counter.total() for counter in counts.values())
    if json:
        verdicts = {label: dict(counter) for label, counter in counts.items()}
        data = {"plan": plan.name, "store": str(path), "runs": len(keys), "done": done, "verdicts": verdicts}
        show_json({**data, "interrupted": interrupted})
        return
    columns = sorted({verdict for counter in counts.values() for verdict in counter})
    rows = [(label, *(str(counter[verdict] or "") for verdict in columns)) for label, counter in counts.items()]
    show(table(["solver", *columns], rows, right=columns))
    if interrupted:
        tell(f"interrupted: {done:,} of {len(keys):,} runs are in {path}; --resume makes the others")
    else:
        tell(f"{done:,} runs in {path}; dualgap report {path} -o report.html")


@contextmanager
def _watching(total: int) -> Iterator[Callable[[Outcome, Progress], None] | None]:
    """A moving line on a terminal, else a line now and then."""
    from dualgap.cli.screen import ERR, tell

    if not total:
        yield None
    elif not ERR.is_terminal:
        step = max(1, total // _EVERY)

        def report(outcome: Outcome, progress: Progress) -> None:
            if progress.done % step == 0 or progress.done == total:
                tell(_line(progress))

        yield report
    else:
        with ERR.status(f"0 of {total:,} runs") as status:
            yield lambda outcome, progress: status.update(_line(progress))


def _line(progress: Progress) -> str:
    parts = [f"{progress.done:,} of {progress.total:,} runs"]
    if progress.failures:
        parts.append(f"{progress.failures:,} failed")
    if progress.refusals:
        parts.append(f"{progress.refusals:,} refused")
    if progress.left:
        parts.append(f"{_duration(progress.left)} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    """``90 s``, ``25 min``, ``3.5 h``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"

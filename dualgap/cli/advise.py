"""``dualgap advise``: which solver, why, and from which runs that was learned."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dualgap.cli.options import Json, Plugins, Seed, Settings, read_gap

if TYPE_CHECKING:
    from dualgap.study.advice import Advice, Evaluation
    from dualgap.study.review.collect import Review

app = typer.Typer(add_completion=False)


@app.command()
def advise(
    spec: Annotated[str | None, typer.Argument(metavar="[SPEC]", help="A spec or field file; - for stdin.")] = None,
    store: Annotated[
        Path | None, typer.Option("--store", metavar="runs.db", help="Runs to learn from, as dualgap sweep makes them.")
    ] = None,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="Judge the store's advice on its own instances, each held back in turn.")
    ] = False,
    gap: Annotated[
        float,
        typer.Option("--gap", metavar="GAP", parser=read_gap, help="Solved means within this: 0.01 or 1%."),
    ] = 0.01,
    setting: Settings = None,
    seed: Seed = 0,
    json: Json = False,
    plugin: Plugins = None,
) -> None:
    """Say which solver to take, why, and from which runs that was learned."""
    from dualgap.cli.inputs import read_problem
    from dualgap.cli.screen import show_json
    from dualgap.core.errors import UsageError
    from dualgap.study import advice

    if evaluate == (spec is not None) or (evaluate and store is None):
        raise UsageError("write dualgap advise SPEC [--store runs.db], or dualgap advise --evaluate --store runs.db")
    runs = _runs(store, gap) if store is not None else None
    if runs is not None and evaluate:
        judged = advice.evaluate(runs)
        show_json(asdict(judged)) if json else _show_evaluation(judged, gap)
        return
    found = advice.advise(read_problem(spec or "-", setting, seed).problem, runs)
    show_json(found.data()) if json else _show_advice(found)


def _runs(store: Path, gap: float) -> Review:
    from dualgap.study.review.collect import review
    from dualgap.study.sweep.store import Store

    with Store.open(store, create=False) as opened:
        return review(opened, gap)


def _show_advice(found: Advice) -> None:
    from dualgap.cli.screen import show, table

    show(found.reason)
    if not found.candidates:
        return
    rows = [
        (
            one.solver,
            f"{one.solved} of {one.tried}",
            f"{one.seconds.value:.3g} [{one.seconds.low:.3g}, {one.seconds.high:.3g}]",
            f"{one.penalised:.3g}",
        )
        for one in found.candidates
    ]
    header = ("solver", "solved", "median seconds, 95 %", "PAR10 seconds")
    show("", table(header, rows, right=header[1:]))
    show("", f"Learned from {len(found.learned)} instances: {'; '.join(found.learned)}.")


def _show_evaluation(judged: Evaluation, gap: float) -> None:
    from dualgap.cli.screen import show, table
    from dualgap.study.advice import PENALTY, SHIFT

    means = (judged.advice, judged.single, judged.virtual)
    names = ("advice", "best single solver of each kind", "virtual best")
    rows = [
        (name, f"{solved} of {judged.instances}", f"{mean:.3g}")
        for name, solved, mean in zip(names, judged.solved, means)
    ]
    show(
        f"Shifted geometric means (shift {SHIFT:g} s) of seconds to within {100 * gap:g} %, each instance held back "
        f"from its own advice; an unsolved one counts {PENALTY:g} times its limit.",
        "",
        table(("choice", "solved", "seconds"), rows, right=("solved", "seconds")),
    )

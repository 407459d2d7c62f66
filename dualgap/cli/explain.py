"""``dualgap explain``: a problem, its dual and a run's proof, in lines that a person can redo."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dualgap.cli.options import AnswerFile, Plugins, Seed, Settings, Subject

if TYPE_CHECKING:
    from dualgap.engine.run import Run

app = typer.Typer(add_completion=False)


@app.command()
def explain(
    subject: Subject,
    answer: AnswerFile = None,
    setting: Settings = None,
    via: Annotated[str | None, typer.Option("--via", metavar="VIEW", help="The view to state the problem in.")] = None,
    latex: Annotated[bool, typer.Option("--latex", help="Print a LaTeX document.")] = False,
    lines: Annotated[int, typer.Option("--lines", min=1, metavar="N", help="Lines of each kind that are shown.")] = 10,
    seed: Seed = 0,
    plugin: Plugins = None,
) -> None:
    """Explain a problem: the model, its dual, and for a run why nothing is better, to be checked by hand."""
    from dualgap.cli.screen import OUT
    from dualgap.cli.subject import read_subject
    from dualgap.core.explain.latex import as_latex
    from dualgap.core.explain.text import as_text
    from dualgap.study.explanation import explanation

    found = read_subject(subject, answer, setting, seed, "explain")
    blocks = explanation(found.given.problem, found.run, via=via, shown=lines)
    sys.stdout.write(as_latex(blocks) if latex else as_text(blocks, OUT.width))
    raise typer.Exit(_exit_code(found.run))


def _exit_code(run: Run | None) -> int:
    """5 where a file disputes itself, or its answer breaks a row; else 0, whatever the verdict."""
    from dualgap.cli.screen import complain
    from dualgap.core.certificate import Verdict
    from dualgap.study.grade import disputed

    if run is None:
        return 0
    if disputed(run):
        complain("the run's file says something else than what is recomputed here; dualgap verify lists it")
        return Verdict.CONTRADICTED.exit_code
    return run.exit_code if run.exit_code == Verdict.VIOLATED.exit_code else 0

"""``dualgap prompts``: the prompts after which a model is least fair, as words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

import dualgap
from dualgap import UsageError
from dualgap_prompts.language import Language
from dualgap_prompts.minmax import PromptMinmax

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Prompts after which a model is least fair.")

_COLUMNS = {"accuracy": "accuracy", "demographic parity": "parity", "counterfactual flips": "flips"}


@app.callback()
def _root() -> None:
    pass


@app.command()
def show(
    subject: Annotated[Path, typer.Argument(metavar="RUN|SPEC", help="Of prompt-minmax or prompt-attack.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="So many prompts.")] = 5,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of a spec that leaves something to chance.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
) -> None:
    """The worst of all prompts: of a run's tuned model, or of a spec's model as it is."""
    problem, network = _read(subject, seed)
    found = problem.unfairest(network, count)
    if as_json:
        typer.echo(json.dumps([{"words": said, "unfairness": unfair, **told} for said, unfair, told in found]))
        return
    width = max(len("prompt"), *(len(" ".join(said)) for said, _, _ in found))
    typer.echo("  ".join([f"{'prompt':<{width}}", "unfairness", *_COLUMNS.values()]))
    for said, unfair, told in found:
        cells = [f"{told[name]:>{len(title)}.3f}" for name, title in _COLUMNS.items()]
        typer.echo("  ".join([f"{' '.join(said):<{width}}", f"{unfair:>10.3g}", *cells]))


def _read(path: Path, seed: int) -> tuple[Language, Any]:
    """A problem, and the network that is meant.

    Raises:
        UsageError: the file is a run that names no spec, or of another kind. SpecError: a spec is at fault.
    """
    said = _run(path)
    if said is None:
        problem = _mine(dualgap.load(path, seed=seed), path)
        return problem, problem.network
    named, changed = said["problem"].get("spec"), said["problem"].get("set")
    if not isinstance(named, str) or not (path.parent / named).is_file():
        raise UsageError(f"{path} names no spec that is there; put the spec beside it, or name the spec instead")
    if changed:
        raise UsageError(f"{path} was made with --set; write these settings into {named}, and solve it again")
    problem = _mine(dualgap.load(path.parent / named, seed=int(said.get("seed") or 0)), path)
    if not isinstance(problem, PromptMinmax):
        return problem, problem.network
    answer = dualgap.verify(problem, path).answer
    if answer is None:
        raise UsageError(f"{path} has no answer; name the spec for the model as it is")
    return problem, problem.adapted(answer)


def _run(path: Path) -> dict[str, Any] | None:
    """A run's file as plain data; None for any other file."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None  # whatever reads it as a spec says what is wrong
    is_run = isinstance(data, dict) and "schema_version" in data and isinstance(data.get("problem"), dict)
    return data if is_run else None


def _mine(problem: dualgap.Problem, path: Path) -> Language:
    if not isinstance(problem, Language):
        raise UsageError(f"{path} is about a {problem.kind}; name a prompt-minmax or a prompt-attack")
    return problem

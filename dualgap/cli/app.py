"""The entry point: the lazy group of commands, signals, and what is said of errors."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import dualgap
from dualgap.cli import extensions
from dualgap.cli.options import Plugins

INTERRUPTED = 130

COMMANDS = {
    "solve": "Solve a problem; the answer comes with a certificate.",
    "compare": "Run several solvers on the same problem, on equal terms.",
    "verify": "Grade an answer, whoever found it.",
    "explain": "A problem, its dual and a run's proof, to be checked by hand.",
    "export": "A run's answer, or the model, for other tools: csv, sol, mps, latex.",
    "apply": "A run's classifier on other data.",
    "sweep": "Run a plan of many instances and solvers; the runs land in a store.",
    "report": "A store of runs as a page: who is within what gap, when, with what evidence.",
    "advise": "Which solver for a problem, why, and from which runs that was learned.",
    "solvers": "What solves: the list, or one solver's parameters.",
    "problems": "What can be solved: kinds, schemas, examples, new specs.",
    "plugins": "What is installed beside the built-ins; write and check your own.",
    "doctor": "Check the installation: every backend is run once.",
}


class LazyGroup(TyperGroup):
    """Commands whose modules are imported when they are invoked; listing needs only their summaries.

    Plugins are looked at for the list of commands, where any is installed, and for names that aren't built in.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: TyperCommand(name, help=summary) for name, summary in COMMANDS.items()}

    def list_commands(self, ctx: Any) -> list[str]:
        return [*COMMANDS, *extensions.commands()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS and cmd_name in extensions.commands():
            return TyperCommand(cmd_name, help=f"Of the plugin {extensions.commands()[cmd_name].plugin}.")
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and name is not None:
            own = name in COMMANDS
            made = importlib.import_module(f"dualgap.cli.{name}").app if own else extensions.commands()[name].resolve()
            command = typer.main.get_command(made)
            command.name = name
        return name, command, rest


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Optimisation problems as specs, any backend, and a certificate for every answer.",
    epilog="Try: dualgap problems example knapsack | dualgap solve -",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dualgap {dualgap.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    plugin: Plugins = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line (``sys.argv`` by default) and returns its exit code; SIGTERM counts as Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does. What is left must not fail again when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(app)
    try:
        command.main(arguments, prog_name="dualgap")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # the last resort: people get one line, and the traceback where they ask for it
        return _failed(error)
    return 0


def _failed(error: Exception) -> int:
    from dualgap.cli.screen import complain
    from dualgap.core.errors import DualgapError

    debug = os.environ.get("DUALGAP_DEBUG", "") not in ("", "0")
    if debug:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, DualgapError):
        complain(str(error))
        return error.exit_code
    if not debug:
        complain(
            f"unexpected {type(error).__name__}: {_line(error)}; please report; DUALGAP_DEBUG=1 shows the traceback"
        )
    return 1


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or "no message"
